// What is wrong with a value at its place in the schema, in words: with the value, and with what may
// be written instead.

import type { FaultCode } from './report.ts';
import type { Node } from './schema/node.ts';
import { isNullAbsent, turnsOff } from './schema/node.ts';
import { didYouMean } from './suggest.ts';

/** A fault of a value, or of one of its keys. */
export interface Finding {
  readonly code: FaultCode;
  readonly text: string;
  readonly key?: string;
  /** The text is a whole sentence; else it goes on from the quoted value. */
  readonly isSentence?: boolean;
}

/** Everything wrong with one value at its place; what lies below a map or list has places of its own. */
export function findingsOf(node: Node, value: unknown): Finding[] {
  if (value === null && isNullAbsent(node)) return [];
  if (turnsOff(node, value)) return [];
  if (value === null)
    return [{ code: 'wrong-type', text: `has no value; write ${whatToWrite(node)}`, isSentence: true }];
  if (Array.isArray(value) && node.list !== undefined) {
    return [...tooFew(value.length, node.list.least, 'one item'), ...emptyItems(node.list.items, value)];
  }
  if (typeof value === 'object' && !Array.isArray(value) && node.map !== undefined) {
    const keys = Object.keys(value);
    return [...tooFew(keys.length, node.map.least, 'one entry'), ...badKeys(node, keys)];
  }
  const claiming = node.is.filter((kind) => kind.claims(value));
  const [one] = claiming;
  const faults = claiming.map((kind) => kind.fault(value));
  if (faults.includes(undefined)) return [];
  const isOneOfMany = one?.words !== undefined && node.is.some((kind) => kind !== one && kind.turnsOff !== true);
  const fault = isOneOfMany ? faults[1] : faults[0];
  if (fault !== undefined) return [{ code: 'bad-value', text: fault }];
  const hint = typeof value === 'string' ? didYouMean(value, one?.words ?? []) : '';
  return [
    {
      code: one === undefined ? 'wrong-type' : 'bad-value',
      text: `is not ${expected(node)}${hint || `; write ${whatToWrite(node)}`}`,
    },
  ];
}

function tooFew(count: number, least: number, what: string): Finding[] {
  return count >= least ? [] : [{ code: 'bad-value', text: `is empty; it needs at least ${what}`, isSentence: true }];
}

/** An item that is left empty by mistake; where null is refused anyway, the item itself tells. */
function emptyItems(node: Node, items: readonly unknown[]): Finding[] {
  if (!isNullAbsent(node)) return [];
  const empty = items.keys().filter((index) => items[index] === null);
  return [...empty].map((index) => ({
    code: 'wrong-type',
    text: 'has no value',
    key: String(index),
    isSentence: true,
  }));
}

function badKeys(node: Node, keys: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (const key of keys) {
    const text = node.map?.keys?.fault(key);
    if (text !== undefined && !Object.hasOwn(node.map?.properties ?? {}, key))
      findings.push({ code: 'bad-value', text, key });
  }
  return findings;
}

function expected(node: Node): string {
  const names = node.is.map((kind) => kind.name);
  if (node.list !== undefined) names.push('a list');
  if (node.map !== undefined) names.push('a map');
  return inWords([...new Set(names)]);
}

function whatToWrite(node: Node): string {
  const ways = node.is.map((kind) => kind.write);
  if (node.list !== undefined) ways.push(node.list.items.is.length > 0 ? 'a list of them' : 'a list');
  const keys = Object.keys(node.map?.properties ?? {});
  if (node.map?.keys !== undefined && keys.length === 0) ways.push(`keys below it, each ${node.map.keys.write}`);
  else if (node.map !== undefined) ways.push(`keys below it (${keys.join(', ')})`);
  return inWords([...new Set(ways)]);
}

function inWords(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nothing';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
