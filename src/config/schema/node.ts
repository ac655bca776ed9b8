// One place of the configuration file: what it is for, what may stand there, its default. The tree
// of nodes is the only definition of the file; the check, the published JSON Schema, the defaults
// and the reference test all read it.

import type { Kind } from './kind.ts';

export interface Node {
  /** One or two sentences for the editor and the reference. */
  readonly description: string;
  /** The kinds of scalars that may stand here; empty: only the map or list below. */
  readonly is: readonly Kind[];
  readonly map?: MapShape;
  readonly list?: ListShape;
  /** In the file's own spelling. `null`: absent by default, and null means absent. */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** The value, or everything below, is never shown. */
  readonly secret?: boolean;
  /** The part is described but not built yet: it may only be off. */
  readonly later?: Later;
  /** A node that stands below itself: the published schema names it and refers to it. */
  readonly named?: string;
  /** The key that switches the map off (`mode: off`): what else stands in it then is checked and means nothing. */
  readonly offBy?: string;
}

export interface MapShape {
  /** The fixed keys. */
  readonly properties: Readonly<Record<string, Node>>;
  readonly required: readonly string[];
  /** Keys that need others beside them. */
  readonly together: Readonly<Record<string, readonly string[]>>;
  /** What stands under keys that the operator chooses; absent: there are only the fixed ones. */
  readonly others?: Node;
  /** What those keys look like. */
  readonly keys?: Kind;
  /** How many entries there must be. */
  readonly least: number;
}

export interface ListShape {
  readonly items: Node;
  readonly least: number;
}

export interface Later {
  /** For "… is not available yet". */
  readonly what: string;
  /** The key that switches a map off (`mode: off`, `attempts: 0`); a map with anything else in it is on. */
  readonly offBy?: string;
}

type Extra = Pick<Node, 'default' | 'examples' | 'secret' | 'later' | 'named' | 'offBy'>;
type MapExtra = Extra &
  Partial<Pick<MapShape, 'required' | 'together' | 'others' | 'keys' | 'least'>> & { is?: Kind[] };

/** A scalar. */
export function value(description: string, is: Kind | readonly Kind[], extra: Extra = {}): Node {
  return { description, is: 'claims' in is ? [is] : is, ...extra };
}

/** A map with fixed keys, and with `others` also free ones. `is`: what may stand instead of the map. */
export function map(description: string, properties: Readonly<Record<string, Node>>, extra: MapExtra = {}): Node {
  const { required = [], together = {}, others, keys, least = 0, is = [], ...rest } = extra;
  const shape: MapShape = {
    properties,
    required,
    together,
    least,
    ...(others === undefined ? {} : { others }),
    ...(keys === undefined ? {} : { keys }),
  };
  return { description, is, map: shape, ...rest };
}

/** A map whose keys the operator chooses. */
export function table(description: string, keys: Kind, others: Node, extra: MapExtra = {}): Node {
  return map(description, {}, { ...extra, keys, others });
}

/** A list; a single scalar may stand without the brackets. `is`: what else may stand instead. */
export function list(description: string, items: Node, extra: Extra & { least?: number; is?: Kind[] } = {}): Node {
  const { least = 0, is = [], ...rest } = extra;
  return { description, is: [...is, ...items.is], list: { items, least }, ...rest };
}

/** Whether null at this place means the same as leaving the key out. */
export function isNullAbsent(node: Node): boolean {
  if (node.default === null) return true;
  if (node.map !== undefined) return node.map.least === 0 && node.map.required.length === 0;
  return node.list !== undefined && node.list.least === 0;
}

/** Whether the value, standing at this place, switches the part off. */
export function turnsOff(node: Node, value: unknown): boolean {
  return node.is.some((kind) => kind.turnsOff === true && kind.claims(value));
}
