// Kinds of values: what may stand at one place of the file, how a wrong value is described to a
// person, and how the published JSON Schema says the same to an editor.

import { didYouMean } from '../suggest.ts';
import type { Parsed } from '../syntax/parsed.ts';
import { faultOf } from '../syntax/parsed.ts';

/** Keywords of JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface Kind {
  /** With its article, for "… is not a duration". */
  readonly name: string;
  /** For "write …". */
  readonly write: string;
  /** Whether the value was meant as this kind, so that this kind's fault is the one to tell. */
  readonly claims: (value: unknown) => boolean;
  /** The rest of a sentence that begins with the value; it never repeats the value. */
  readonly fault: (value: unknown) => string | undefined;
  readonly schema: JsonSchema;
  /** A value that this kind claims switches the part off. */
  readonly turnsOff?: true;
  /** The words, of a kind that takes only these. */
  readonly words?: readonly string[];
}

/** A text that a reader understands. */
export function readBy(
  name: string,
  write: string,
  parse: (text: string) => Parsed<unknown>,
  schema: JsonSchema = { minLength: 1 },
): Kind {
  return {
    name,
    write,
    claims: isText,
    fault: (value) => faultOf(parse(String(value))),
    schema: { type: 'string', ...schema },
  };
}

/** A text that is not empty and holds no control characters: a path, a name. */
export function text(name: string, write: string): Kind {
  return readBy(name, write, (value) => {
    if (value === '') return { fault: `is empty; write ${write}` };
    return /\p{Cc}/u.test(value) ? { fault: 'holds a control character' } : { value };
  });
}

/** A value that is taken as it is written, numbers and booleans too: a header's or a passphrase's. */
export function verbatim(
  name: string,
  write: string,
  parse: (text: string) => Parsed<unknown> = (value) => ({ value }),
  pattern?: string,
): Kind {
  return {
    name,
    write,
    claims: (value) => isText(value) || typeof value === 'number' || typeof value === 'boolean',
    fault: (value) => faultOf(parse(String(value))),
    schema: { type: ['string', 'number', 'boolean'], ...(pattern === undefined ? {} : { pattern }) },
  };
}

/** One of a few words. */
export function word(...allowed: readonly string[]): Kind {
  const choice = allowed.length === 1 ? String(allowed[0]) : `one of ${allowed.join(', ')}`;
  return {
    name: choice,
    write: choice,
    claims: isText,
    fault: (value) => {
      if (allowed.includes(String(value))) return undefined;
      return `is not ${choice}${didYouMean(String(value), allowed)}`;
    },
    schema: { enum: allowed },
    words: allowed,
  };
}

/** A whole number without quotes, within its bounds. */
export function integer(least: number, most: number): Kind {
  const range = `a whole number from ${least} to ${most}`;
  return {
    name: 'a whole number',
    write: range,
    claims: (value) => typeof value === 'number' || (isText(value) && /^[+-]?[0-9]+$/.test(String(value))),
    fault: (value) => {
      if (isText(value)) return 'is a text; write the number without quotes';
      if (!Number.isSafeInteger(value)) return `is not a whole number; write ${range}`;
      return Number(value) < least || Number(value) > most ? `is out of range; write ${range}` : undefined;
    },
    schema: { type: 'integer', minimum: least, maximum: most },
  };
}

/** true or false; `on` and `off` mean the same, for YAML 1.2 reads them as texts. */
export const flag: Kind = {
  name: 'true or false',
  write: 'true or false',
  claims: (value) => typeof value === 'boolean' || isText(value),
  fault: (value) => {
    if (typeof value === 'boolean' || value === 'on' || value === 'off') return undefined;
    const word = String(value).toLowerCase();
    const meant = ['yes', 'true'].includes(word) ? 'true' : ['no', 'false'].includes(word) ? 'false' : undefined;
    return `is not true or false${meant === undefined ? '' : `; did you mean ${meant}, without quotes?`}`;
  },
  schema: { enum: [true, false, 'on', 'off'] },
};

const offWord = /^(?:|off|no|none|false|null|0|0%|0ms|0s|0m|0h|0d)$/i;

/** The part is switched off: false, null, `off`, 0, an empty list or map, in any usual spelling. */
export const off: Kind = {
  name: 'false',
  write: 'false to turn it off',
  claims: isOff,
  fault: () => undefined,
  schema: {
    anyOf: [
      { enum: [false, null, 'off', 0] },
      {
        type: 'string',
        pattern:
          '^(?:|[Oo][Ff][Ff]|[Nn][Oo]|[Nn][Oo][Nn][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Uu][Ll][Ll]|0(?:%|ms|[smhd])?)$',
      },
      { type: 'array', maxItems: 0 },
      { type: 'object', maxProperties: 0 },
    ],
  },
  turnsOff: true,
};

/** `off` where 0 is a value of its own: a port. */
export const offNotZero: Kind = { ...off, claims: (value) => isOff(value) && value !== 0 && value !== '0' };

/** Whether a value, written at a place that can be switched off, says so. */
export function isOff(value: unknown): boolean {
  if (value === null || value === false || value === 0) return true;
  if (typeof value === 'string') return offWord.test(value);
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
