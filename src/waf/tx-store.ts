// The TX collection of one exchange. Names known from the rules have a numbered slot; names that are made
// while running (`setvar:tx.seen_%{matched_var_name}=1`) go into a bounded map.

import { GatehouseError } from '../base/errors.ts';

export type TxValue = string | number;

/** Names made at run time in one exchange, so that a request cannot fill the memory with them. */
const MAX_DYNAMIC_NAMES = 20_000;

/** Which names have a slot; grows while rules are compiled, fixed afterwards. */
export class SlotTable {
  readonly #slots = new Map<string, number>();
  readonly names: string[] = [];

  /** The slot of a name in lower case, made when there is none. */
  slot(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    this.#slots.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  find(name: string): number | undefined {
    return this.#slots.get(name);
  }
}

export class TxStore {
  /** By slot; undefined: not set. */
  readonly values: (TxValue | undefined)[];
  readonly #table: SlotTable;
  #dynamic: Map<string, TxValue> | undefined;

  constructor(table: SlotTable, initial: readonly (TxValue | undefined)[]) {
    this.#table = table;
    this.values = initial.slice();
  }

  copy(): TxStore {
    const copy = new TxStore(this.#table, this.values);
    if (this.#dynamic !== undefined) copy.#dynamic = new Map(this.#dynamic);
    return copy;
  }

  get(name: string): TxValue | undefined {
    const slot = this.#table.find(name);
    return slot === undefined ? this.#dynamic?.get(name) : this.values[slot];
  }

  /** undefined takes the variable away. Throws when a request makes more names than there is room for: what they would have told is not known then. */
  set(name: string, value: TxValue | undefined): void {
    const slot = this.#table.find(name);
    if (slot !== undefined) {
      this.values[slot] = value;
      return;
    }
    if (value === undefined) {
      this.#dynamic?.delete(name);
      return;
    }
    this.#dynamic ??= new Map();
    if (this.#dynamic.size >= MAX_DYNAMIC_NAMES && !this.#dynamic.has(name)) throw tooManyNames();
    this.#dynamic.set(name, value);
  }

  /** Every variable that is set, of those slots, and of the names made at run time that are selected. */
  forEach(
    slots: readonly number[],
    selects: (name: string) => boolean,
    visit: (name: string, value: TxValue) => void,
  ): void {
    for (const slot of slots) {
      const value = this.values[slot];
      if (value !== undefined) visit(this.#table.names[slot] as string, value);
    }
    this.#dynamic?.forEach((value, name) => {
      if (selects(name)) visit(name, value);
    });
  }
}

function tooManyNames(): GatehouseError {
  const message = `the rules made more than ${MAX_DYNAMIC_NAMES} variables for one request`;
  return new GatehouseError('overloaded', 'gateway', message, { status: 503 });
}

/** As C's atoi reads it: an optional sign and digits at the start, else 0. */
export function integerOf(value: TxValue | undefined): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? 0 : number;
}
