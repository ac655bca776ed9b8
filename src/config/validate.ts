// The check against the schema, done by ajv. The schema's kinds write their own sentences, so each
// fault is told once, in words, with what may stand there instead.

import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ConfigDocument } from './document.ts';
import { broken, isMap } from './document.ts';
import type { Finding } from './findings.ts';
import { findingsOf } from './findings.ts';
import { cut, pointerTo, readablePath } from './pointer.ts';
import type { JsonSchema } from './schema/kind.ts';
import type { Node } from './schema/node.ts';
import { root } from './schema/root.ts';
import { closest } from './suggest.ts';

/** Tells every fault of a document against the schema, and marks the values that must not be used. */
export function validate(document: ConfigDocument, schema: Node = root): void {
  const met = new Set<Node>();
  meet(document.value, schema, met);
  const check = compiled(schema, met);
  if (check(document.value)) return;
  const errors = check.errors ?? [];
  // Unknown keys first: a key that is only misspelled is then not called missing too.
  for (const error of errors) if (error.keyword === 'additionalProperties') tellUnknownKey(document, error);
  for (const error of errors) {
    if (error.keyword === 'is') tellFinding(document, error);
    else if (error.keyword === 'required' || error.keyword === 'dependentRequired') tellMissingKey(document, error);
  }
}

/** The parts of the schema that the document has anything of. The others are not compiled: that would take most of a start. */
function meet(value: unknown, node: Node, met: Set<Node>): void {
  const { map, list } = node;
  met.add(node);
  if (Array.isArray(value) && list !== undefined) for (const item of value) meet(item, list.items, met);
  if (!isMap(value) || map === undefined) return;
  for (const [key, item] of Object.entries(value)) {
    const child = Object.hasOwn(map.properties, key) ? map.properties[key] : map.others;
    if (child !== undefined) meet(item, child, met);
  }
}

interface Compiled {
  readonly schema: Node;
  readonly met: ReadonlySet<Node>;
  readonly check: ValidateFunction;
}

/** What was compiled last, the newest in front: the next reload has hardly ever anything of other parts. */
let recent: readonly Compiled[] = [];
const MAX_RECENT = 4;

function compiled(schema: Node, met: ReadonlySet<Node>): ValidateFunction {
  const isFor = (each: Compiled): boolean =>
    each.schema === schema && each.met.size === met.size && each.met.isSubsetOf(met);
  const found = recent.find(isFor) ?? { schema, met, check: compile(schema, met) };
  recent = [found, ...recent.filter((each) => each !== found)].slice(0, MAX_RECENT);
  return found.check;
}

function compile(top: Node, met: ReadonlySet<Node>): ValidateFunction {
  const nodes: Node[] = [];
  const parts: Record<string, JsonSchema | true> = {};
  const schema = { ...(toAjv(top, nodes, parts, met) as JsonSchema), $defs: parts };
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
function toAjv(
  node: Node,
  nodes: Node[],
  parts: Record<string, JsonSchema | true>,
  met: ReadonlySet<Node>,
): JsonSchema | true {
  if (!met.has(node)) return true;
  const known = nodes.indexOf(node);
  if (known >= 0 && node.map !== undefined) return { $ref: `#/$defs/${known}` };
  const index = nodes.push(node) - 1;
  const schema: Record<string, unknown> = { is: index };
  if (node.map !== undefined) {
    const { properties, required, together, others } = node.map;
    const children = Object.entries(properties).map(([key, child]) => [key, toAjv(child, nodes, parts, met)]);
    schema.properties = Object.fromEntries(children);
    schema.additionalProperties = others === undefined ? false : toAjv(others, nodes, parts, met);
    schema.required = required;
    schema.dependentRequired = together;
  }
  if (node.list !== undefined) schema.items = toAjv(node.list.items, nodes, parts, met);
  if (node.map === undefined || index === 0) return schema;
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
