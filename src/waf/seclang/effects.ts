// What a matching rule writes: `setvar:tx.a=+1`, `expirevar:ip.b=60`, `initcol:ip=%{REMOTE_ADDR}`, `setenv:a=1`.

import type { Effect, WritableCollection } from '../rule.ts';
import type { Faults } from './faults.ts';
import type { Span } from './span.ts';
import { lowerCase, part, trimmed } from './span.ts';

type SetVar = Extract<Effect, { kind: 'setvar' }>;

const collections: ReadonlySet<string> = new Set<WritableCollection>([
  'global',
  'ip',
  'resource',
  'session',
  'tx',
  'user',
]);

/** `tx.a=1` sets, `tx.a=+1` and `tx.a=-1` count, `!tx.a` removes, `tx.a` alone sets 1. Macros stay in name and value. */
export function readSetVar(written: Span, faults: Faults): Effect | undefined {
  const isUnset = written.text.startsWith('!');
  const [place, value] = splitAtEquals(isUnset ? part(written, 1) : written);
  const member = readMember(place, faults);
  if (member === undefined) return undefined;
  if (isUnset && value !== undefined) {
    faults.add(written, 'bad-value', 'a variable that is removed (!) takes no value');
    return undefined;
  }
  return { kind: 'setvar', ...member, ...readChange(isUnset, value?.text) };
}

/** `ip.a=60`: the member goes after that many seconds. */
export function readExpireVar(written: Span, faults: Faults): Effect | undefined {
  const [place, value] = splitAtEquals(written);
  const member = readMember(place, faults);
  if (member === undefined) return undefined;
  const seconds = value?.text ?? '';
  if (/^\d+$/.test(seconds) || seconds.includes('%{')) return { kind: 'expirevar', ...member, seconds };
  faults.add(value ?? written, 'bad-value', 'say after how many seconds: expirevar:ip.name=60');
  return undefined;
}

/** `ip=%{REMOTE_ADDR}`: which member of a persistent collection this exchange belongs to. */
export function readInitCollection(written: Span, faults: Faults): Effect | undefined {
  const [place, key] = splitAtEquals(written);
  const collection = lowerCase(place.text);
  if (!isWritable(collection) || collection === 'tx') {
    faults.add(
      place,
      'bad-value',
      `${place.text} is no persistent collection; there are global, ip, resource, session and user`,
    );
    return undefined;
  }
  return readKey(collection, key ?? part(written, written.text.length), faults);
}

/** `setsid:%{REQUEST_COOKIES.sid}` and its kind: the key of a collection that the action's own name says. */
export function readKey(collection: WritableCollection, key: Span, faults: Faults): Effect | undefined {
  if (key.text !== '') return { kind: 'initcol', collection, key: key.text };
  faults.add(key, 'bad-value', `the key is missing: it says which ${collection} this is`);
  return undefined;
}

/** `name=value`; the name alone sets 1. */
export function readSetEnv(written: Span, faults: Faults): Effect | undefined {
  const [name, value] = splitAtEquals(written);
  if (name.text.startsWith('!')) faults.add(name, 'not-available', 'a variable of the environment cannot be removed');
  else if (name.text === '') faults.add(written, 'bad-value', 'the name of the variable is missing');
  else return { kind: 'setenv', name: name.text, value: value?.text ?? '1' };
  return undefined;
}

/** At the first equals sign outside of macros; quotes around the value alone are taken off. */
function splitAtEquals(written: Span): [Span, Span | undefined] {
  const { text } = written;
  const lastBrace = text.lastIndexOf('}');
  let at = 0;
  let macroEnd = 0;
  while (at < text.length && (text[at] !== '=' || at < macroEnd)) {
    if (at >= macroEnd && at < lastBrace && text.startsWith('%{', at)) macroEnd = text.indexOf('}', at);
    at += 1;
  }
  const name = trimmed(part(written, 0, at));
  if (at >= text.length) return [name, undefined];
  const value = part(written, at + 1);
  const isQuoted = value.text.length >= 2 && value.text.startsWith("'") && value.text.endsWith("'");
  return [name, isQuoted ? part(value, 1, value.text.length - 1) : value];
}

function readMember(place: Span, faults: Faults): { collection: WritableCollection; name: string } | undefined {
  const dot = place.text.search(/[.:]/);
  const collection = lowerCase(dot < 0 ? place.text : place.text.slice(0, dot));
  const name = dot < 0 ? '' : place.text.slice(dot + 1);
  if (!isWritable(collection)) {
    faults.add(
      place,
      'bad-value',
      `rules cannot write to ${collection}; write to tx, global, ip, resource, session or user`,
    );
    return undefined;
  }
  if (name !== '') return { collection, name: lowerCaseOutsideMacros(name) };
  faults.add(place, 'bad-value', `the name of the variable is missing: ${collection}.name`);
  return undefined;
}

function readChange(isUnset: boolean, value: string | undefined): Pick<SetVar, 'change' | 'value'> {
  if (isUnset) return { change: 'unset', value: '' };
  if (value === undefined) return { change: 'set', value: '1' };
  if (value.startsWith('+')) return { change: 'add', value: value.slice(1) };
  if (value.startsWith('-')) return { change: 'subtract', value: value.slice(1) };
  return { change: 'set', value };
}

function isWritable(name: string): name is WritableCollection {
  return collections.has(name);
}

function lowerCaseOutsideMacros(name: string): string {
  return name.replace(/(%\{[^}%]*\})|[A-Z]+/g, (found: string, macro?: string) => macro ?? found.toLowerCase());
}
