// One inspected value: a parameter, a header, a cookie, a line. Everything is a string of bytes (one char, one byte).

/** The numbers of the rules that may match a value, in no order; the ordered evaluation decides. */
export type Hits = readonly number[];

export const NO_HITS: Hits = Object.freeze([]);

export class Field {
  /** The member's name as it came; empty for a variable that is not a collection. */
  readonly name: string;
  readonly value: string;
  /** Whether it may be a text that somebody wrote, which `unless` excuses: a value of a body. */
  readonly isOfBody: boolean;
  /** Set by the scan before any rule that scans is evaluated. */
  hits: Hits = NO_HITS;
  #key: string | undefined;
  #labels: Map<string, string> | undefined;

  constructor(name: string, value: string, isOfBody = false) {
    this.name = name;
    this.value = value;
    this.isOfBody = isOfBody;
  }

  /** The name as selectors compare it. */
  get key(): string {
    this.#key ??= keyOf(this.name);
    return this.#key;
  }

  /** `ARGS:id`. One string for all rules that match a long name: each of their records would copy it. */
  labelIn(collection: string): string {
    if (this.name === '') return collection;
    if (this.name.length <= MAX_KEY_LENGTH) return `${collection}:${this.name}`;
    this.#labels ??= new Map();
    let label = this.#labels.get(collection);
    if (label === undefined) {
      label = `${collection}:${this.name}`;
      this.#labels.set(collection, label);
    }
    return label;
  }
}

export const NO_FIELDS: readonly Field[] = Object.freeze([]);

/** Names of headers and parameters are few; those with capitals come again and again. */
const MAX_KEYS = 1_000;
const MAX_KEY_LENGTH = 64;
const keys = new Map<string, string>();

function keyOf(name: string): string {
  if (name.length > MAX_KEY_LENGTH) return lowerAscii(name);
  let key = keys.get(name);
  if (key === undefined) {
    key = lowerAscii(name);
    if (keys.size >= MAX_KEYS) keys.clear();
    keys.set(name, key);
  }
  return key;
}

/** ASCII letters only: `toLowerCase` would fold bytes above 0x7f, which are not letters here. */
export function lowerAscii(text: string): string {
  return HAS_UPPER.test(text) ? text.replace(UPPER_RUNS, (run) => run.toLowerCase()) : text;
}

const HAS_UPPER = /[A-Z]/;
const UPPER_RUNS = /[A-Z]+/g;
