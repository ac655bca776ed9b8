// The file as plain values, with the place of each in the text. Faults are told against a place, and
// a value that came from the environment is never quoted: only what the file says is.

import type { Interpolated } from './interpolate.ts';
import { cut, readablePath } from './pointer.ts';
import type { FaultCode, Report } from './report.ts';
import { mask, maskValue } from './secrets.ts';

/** Stands where a value could not be read; whoever meets it says nothing more about it. */
export const broken: unique symbol = Symbol('broken');

export interface Place {
  /** Offset of the key; of the item itself in a list. */
  readonly key: number;
  /** Offset of the value; of the key where the value is empty. */
  readonly value: number;
  /** Of a scalar: the text as the file has it, and with `${…}` replaced. */
  readonly written?: string;
  readonly text?: Interpolated['text'];
  /** True when some of `text` came from outside. */
  readonly isForeign?: boolean;
  readonly isSecret?: boolean;
}

export class ConfigDocument {
  readonly report: Report;
  /** Maps are objects without a prototype, lists arrays, the rest scalars or `broken`. */
  value: unknown = null;
  readonly places: Map<string, Place> = new Map();
  readonly #faulty = new Set<string>();

  constructor(report: Report) {
    this.report = report;
  }

  /** Tells a fault of the value (or key) at a pointer, and marks the value as one not to be used. */
  fault(pointer: string, code: FaultCode, text: string, at: 'key' | 'value' = 'value'): void {
    this.settle(pointer);
    this.tell(pointer, code, text, at);
  }

  /** Tells a fault that leaves the value usable. `path`: what the sentence is about, when it is not the pointer. */
  tell(
    pointer: string,
    code: FaultCode,
    text: string,
    at: 'key' | 'value',
    path: string = readablePath(pointer),
  ): void {
    this.report.add(this.places.get(pointer)?.[at] ?? 0, code, path, text);
  }

  /** Marks a value as not to be used, or as not missing, because its fault is told elsewhere. */
  settle(pointer: string): void {
    this.#faulty.add(pointer);
  }

  isFaulty(pointer: string): boolean {
    return this.#faulty.has(pointer);
  }

  /** The value's name at the start of a sentence: `"10 parsecs"`, `a list`, `what "${IDLE}" stands for`. */
  quote(pointer: string, value: unknown): string {
    const place = this.places.get(pointer);
    if (Array.isArray(value)) return 'a list';
    if (isMap(value)) return 'a map';
    if (place?.isSecret === true) return `"${mask}"`;
    const written = cut(oneLine(maskValue(place?.written ?? String(value))));
    return place?.isForeign === true ? `what "${written}" stands for` : `"${written}"`;
  }

  /** 1-based line of a key. */
  lineOf(pointer: string): number {
    return this.report.lineOf(this.places.get(pointer)?.key ?? 0);
  }
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => JSON.stringify(char).slice(1, -1));
}

/** True for a map of the file; never for a list. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
