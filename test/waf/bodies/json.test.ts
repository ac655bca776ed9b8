import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/waf/bodies/json.ts';
import { bytes, pairs, shapeOf } from './shape.ts';
import vectors from './vectors/json.json' with { type: 'json' };

const OPTIONS = { maxDepth: 200, maxArguments: 10_000 };
const JSON_TOKENS: readonly string[] = '{ } [ ] , : "a" " \\ \\u00 e9 0 1 - . e + true null fals é / \''
  .split(' ')
  .concat(' ', '\n', '\u0001', '\u2028');
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** What the parser is to give for a value without duplicate keys. */
function flatten(value: unknown, name = 'json', isRoot = true): [string, string][] {
  if (typeof value !== 'object' || value === null) {
    return [[name, typeof value === 'string' ? utf8(value) : value === null ? '' : JSON.stringify(value)]];
  }
  const members = Array.isArray(value)
    ? value.flatMap((member, i) => flatten(member, `${name}.array_${i}`, false))
    : Object.entries(value).flatMap(([key, member]) => flatten(member, `${name}.${utf8(key) || 'empty-key'}`, false));
  return members.length > 0 || isRoot ? members : [[name, '']];
}

function accepts(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('json', () => {
  test.for(vectors)('$body', ({ body, ...expected }) => {
    expect(shapeOf(body, 'application/json')).toEqual(expected);
  });

  test('what JSON.stringify writes is read back, with any blanks and escapes', () => {
    // Keys that look like numbers move to the front of an object, so that their order cannot be compared.
    const key = fc.string({ unit: 'grapheme' }).filter((text) => !/^\d+$/.test(text) && text !== '__proto__');
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('node')),
        fc.dictionary(key, tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, '\t'), fc.boolean(), (node, indent, escaped) => {
        const written = JSON.stringify(node, undefined, indent);
        const text = escaped ? escapeNonAscii(written) : written;
        const { args, error } = parseJson(Buffer.from(text), OPTIONS);
        expect(error).toBeUndefined();
        expect(pairs(args)).toEqual(flatten(JSON.parse(text)));
      }),
    );
  });

  test('what JSON.parse accepts or refuses is accepted or refused', () => {
    const token = fc.constantFrom(...JSON_TOKENS);
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 12 }), (tokens) => {
        const text = tokens.join('');
        expect(parseJson(Buffer.from(text), OPTIONS).error === undefined).toBe(accepts(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('a changed byte is accepted only where JSON.parse accepts it', () => {
    const sound = Buffer.from('{"a":[1.5e3,"x\\u00e9\\n",true,{"b":null}],"c":"\u00e9"}');
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(127), (at, byte) => {
        const changed = Buffer.from(sound);
        changed[at] = byte;
        const isUtf8 = Buffer.from(changed.toString('utf8')).equals(changed);
        expect(parseJson(changed, OPTIONS).error === undefined).toBe(isUtf8 && accepts(changed.toString('utf8')));
      }),
      { numRuns: 2000 },
    );
  });

  test('a prefix of a sound body is no error when it is known to be one', () => {
    const sound = Buffer.from('{"a":[-1.5e3,"x\\u00e9\\ud83d\\ude00",true,{"b":null}],"\u00e9":"\u20ac"}');
    for (let end = 0; end <= sound.length; end += 1) {
      expect(parseJson(sound.subarray(0, end), { ...OPTIONS, truncated: true }).error).toBeUndefined();
    }
    const cut = parseJson(sound.subarray(0, -2), { ...OPTIONS, truncated: true });
    expect(cut.args.at(-1)).toEqual({ name: `json.${utf8('\u00e9')}`, value: utf8('\u20ac') });
  });

  test.for(['[', '{"a":'])('nesting of 100000 times %s ends at the bound', (open) => {
    const body = bytes(open.repeat(100_000));
    expect(parseJson(body, { maxDepth: 20, maxArguments: 10 }).error).toMatch(
      /^JSON: more than 20 levels at byte \d+$/,
    );
    expect(parseJson(body, { maxDepth: 200_000, maxArguments: 10 }).error).toMatch(/too early|too long together/);
  });

  test('a long key above many values cannot be multiplied by them', () => {
    const body = bytes(`{"${'k'.repeat(50_000)}":[${'1,'.repeat(50_000)}1]}`);
    const { args, error } = parseJson(body, { maxDepth: 20, maxArguments: 1_000_000 });
    expect(error).toMatch(/names that are too long together/);
    const nameBytes = args.reduce((sum, { name }) => sum + name.length, 0);
    expect(nameBytes).toBeLessThanOrEqual(body.length * 16 + 65_536);
  });

  test('reading ends at the bound of values', () => {
    const result = parseJson(bytes(`[${'1,'.repeat(999)}1]`), { maxDepth: 2, maxArguments: 999 });
    expect([result.args.length, result.tooMany]).toEqual([999, true]);
    expect(result.error).toMatch(/^JSON: more than 999 values/);
  });

  test('any bytes are read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (array, truncated) => {
        expect(parseJson(Buffer.from(array), { ...OPTIONS, truncated }).tooMany).toBe(false);
      }),
    );
  });
});

function escapeNonAscii(text: string): string {
  return text.replaceAll(/[^ -~\t\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
