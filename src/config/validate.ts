// The check against the schema, done by ajv. The schema's kinds write their own sentences, so each
// fault is told once, in words, with what may stand there instead.

import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ConfigDocument } from './document.ts';
import { broken } from './document.ts';
import { cut, pointerTo, readablePath } from './pointer.ts';
import type { FaultCode } from './report.ts';
import type { JsonSchema } from './schema/kind.ts';
import type { Node } from './schema/node.ts';
import { isNullAbsent, turnsOff } from './schema/node.ts';
import { root } from './schema/root.ts';
import { closest, didYouMean } from './suggest.ts';

/** What keyword `is` finds: a fault of the value, or of one of its keys. */
interface Finding {
  readonly code: FaultCode;
  readonly text: string;
  readonly key?: string;
  /** The text is a whole sentence; else it goes on from the quoted value. */
  readonly isSentence?: boolean;
}

let compiled: ValidateFunction | undefined;

/** Tells every fault of a document against the schema, and marks the values that must not be used. */
export function validate(document: ConfigDocument): void {
  compiled ??= compile();
  if (compiled(document.value)) return;
  const errors = compiled.errors ?? [];
  // Unknown keys first: a key that is only misspelled is then not called missing too.
  for (const error of errors) if (error.keyword === 'additionalProperties') tellUnknownKey(document, error);
  for (const error of errors) {
    if (error.keyword === 'is') tellFinding(document, error);
    else if (error.keyword === 'required' || error.keyword === 'dependentRequired') tellMissingKey(document, error);
  }
}

function compile(): ValidateFunction {
  const nodes: Node[] = [];
  const parts: Record<string, JsonSchema> = {};
  const schema = { ...toAjv(root, nodes, parts), $defs: parts };
  // What is switched off here (our own schema's check, the optimizer) would only cost time at every start.
  const quick = { code: { optimize: false }, meta: false, validateSchema: false };
  const ajv = new Ajv2020({
    ...quick,
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    verbose: true,
  });
  ajv.addKeyword({ keyword: 'is', errors: true, compile: (index: number) => checker(nodes[index]!) });
  return ajv.compile(schema);
}

/**
 * The structure in JSON Schema's keywords; scalars by our own keyword, which holds the node's index.
 * A map that stands in several places (a site's and a route's `waf`) is compiled once.
 */
function toAjv(node: Node, nodes: Node[], parts: Record<string, JsonSchema>): JsonSchema {
  const known = nodes.indexOf(node);
  if (known >= 0 && node.map !== undefined) return { $ref: `#/$defs/${known}` };
  const index = nodes.push(node) - 1;
  const schema: Record<string, unknown> = { is: index };
  if (node.map !== undefined) {
    const { properties, required, together, others } = node.map;
    const children = Object.entries(properties).map(([key, child]) => [key, toAjv(child, nodes, parts)]);
    schema.properties = Object.fromEntries(children);
    schema.additionalProperties = others === undefined ? false : toAjv(others, nodes, parts);
    schema.required = required;
    schema.dependentRequired = together;
  }
  if (node.list !== undefined) schema.items = toAjv(node.list.items, nodes, parts);
  if (node.map === undefined || node === root) return schema;
  parts[index] = schema;
  return { $ref: `#/$defs/${index}` };
}

interface Checker {
  (value: unknown): boolean;
  errors?: Partial<ErrorObject>[];
}

function checker(node: Node): Checker {
  const check: Checker = (value) => {
    const findings = value === broken ? [] : findingsOf(node, value);
    check.errors = findings.map((params) => ({ keyword: 'is', params }));
    return findings.length === 0;
  };
  return check;
}

function findingsOf(node: Node, value: unknown): Finding[] {
  if (value === null && isNullAbsent(node)) return [];
  if (turnsOff(node, value)) return [];
  if (value === null)
    return [{ code: 'wrong-type', text: `has no value; write ${whatToWrite(node)}`, isSentence: true }];
  if (Array.isArray(value) && node.list !== undefined) {
    return [...tooFew(value.length, node.list.least, 'one item'), ...emptyItems(value)];
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
  const hint = didYouMean(String(value), one?.words ?? []);
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

function emptyItems(items: readonly unknown[]): Finding[] {
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
  if (node.list !== undefined) ways.push(node.is.length > 0 ? 'a list of them' : 'a list');
  const keys = Object.keys(node.map?.properties ?? {});
  if (node.map?.keys !== undefined && keys.length === 0) ways.push(`keys below it, each ${node.map.keys.write}`);
  else if (node.map !== undefined) ways.push(`keys below it (${keys.join(', ')})`);
  return inWords([...new Set(ways)]);
}

function inWords(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nothing';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function tellFinding(document: ConfigDocument, error: ErrorObject): void {
  const { code, text, key, isSentence } = error.params as Finding;
  const pointer = error.instancePath;
  if (key !== undefined && isSentence === true) document.fault(pointerTo(pointer, key), code, text);
  else if (key !== undefined)
    document.tell(pointerTo(pointer, key), code, `"${cut(key)}" ${text}`, 'key', readablePath(pointer));
  else document.fault(pointer, code, isSentence === true ? text : `${document.quote(pointer, error.data)} ${text}`);
}

function tellUnknownKey(document: ConfigDocument, error: ErrorObject): void {
  const parent = error.instancePath;
  const key = String(error.params.additionalProperty);
  const allowed = Object.keys((error.parentSchema?.properties ?? {}) as object);
  const meant = closest(key, allowed);
  if (meant !== undefined && !Object.hasOwn(error.data as object, meant)) document.settle(pointerTo(parent, meant));
  const hint = meant === undefined ? '; allowed' : `; did you mean "${meant}"? Allowed`;
  const text = `unknown key "${cut(key)}"${hint}: ${allowed.join(', ')}`;
  document.tell(pointerTo(parent, key), 'unknown-key', text, 'key', readablePath(parent));
}

function tellMissingKey(document: ConfigDocument, error: ErrorObject): void {
  const key = String(error.params.missingProperty);
  const missing = pointerTo(error.instancePath, key);
  if (document.isFaulty(missing)) return;
  document.settle(missing);
  const beside = error.keyword === 'dependentRequired' ? ` beside "${String(error.params.property)}"` : '';
  document.tell(error.instancePath, 'missing-key', `the key "${key}" is missing${beside}`, 'key');
}
