// A cursor over the checked document for the resolve step. It fills in defaults from the schema, and
// reads a value that was found faulty as its default, so that resolving goes on and finds the rest.

import { resolve } from 'node:path';
import { parseDuration, parsePercent } from '../base/units.ts';
import type { ConfigDocument } from './document.ts';
import { broken, isMap } from './document.ts';
import type { Place } from './model/waf.ts';
import { pointerTo } from './pointer.ts';
import type { FaultCode } from './report.ts';
import { readSize } from './schema/measures.ts';
import type { Node } from './schema/node.ts';
import { turnsOff } from './schema/node.ts';
import { root } from './schema/root.ts';

export class Part {
  readonly document: ConfigDocument;
  readonly pointer: string;
  /** The value, or the default of an absent or faulty one; undefined when there is none. */
  readonly value: unknown;
  /** True when the file says it and it can be used. */
  readonly isGiven: boolean;
  readonly #node: Node;

  private constructor(document: ConfigDocument, node: Node, pointer: string, written: unknown) {
    this.document = document;
    this.pointer = pointer;
    this.#node = node;
    const isPresent = written !== undefined && (written !== null || turnsOff(node, null));
    const isUsable = isPresent && written !== broken && !document.isFaulty(pointer);
    this.isGiven = isUsable && document.places.has(pointer);
    this.value = isUsable ? written : (node.default ?? undefined);
  }

  static root(document: ConfigDocument, schema: Node = root): Part {
    return new Part(document, schema, '', document.value);
  }

  /** The part below a key of the schema; absent parts have their default. */
  at(key: string): Part {
    const node = this.#node.map?.properties[key];
    if (node === undefined) throw new TypeError(`the schema has no ${this.pointer}/${key}`);
    const isThere = isMap(this.value) && Object.hasOwn(this.value, key);
    return new Part(
      this.document,
      node,
      pointerTo(this.pointer, key),
      isThere ? (this.value as Record<string, unknown>)[key] : undefined,
    );
  }

  /** An entry that the operator might have written below a map of such keys: all defaults. */
  unwritten(key: string): Part {
    const node = this.#node.map?.others;
    if (node === undefined) throw new TypeError(`the schema has fixed keys at ${this.pointer}`);
    return new Part(this.document, node, pointerTo(this.pointer, key), undefined);
  }

  /** The entries of a map whose keys the operator chose, in the order of the file. */
  entries(): [string, Part][] {
    const node = this.#node.map?.others;
    if (node === undefined || !isMap(this.value)) return [];
    const entries = Object.entries(this.value).map(([key, value]): [string, Part] => {
      return [key, new Part(this.document, node, pointerTo(this.pointer, key), value)];
    });
    return entries.sort(([, a], [, b]) => a.#keyOffset - b.#keyOffset);
  }

  /** The usable items of a list; a scalar alone is a list of one; off and absent are an empty one. */
  items(): Part[] {
    const node = this.#node.list?.items;
    if (node === undefined || this.value === undefined || this.isOff) return [];
    if (!Array.isArray(this.value)) return [new Part(this.document, node, this.pointer, this.value)];
    const items = this.value.map((item, index) => new Part(this.document, node, pointerTo(this.pointer, index), item));
    return items.filter((item) => item.isGiven || !this.isGiven);
  }

  /** True when the part may be switched off and is. */
  get isOff(): boolean {
    return turnsOff(this.#node, this.value);
  }

  get isMap(): boolean {
    return isMap(this.value);
  }

  /** The scalar as it is written, with `${…}` replaced; so `012` stays `012` where a text is meant. */
  text(): string | undefined {
    const { value } = this;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    const written = this.isGiven ? this.document.places.get(this.pointer)?.text : undefined;
    return written ?? String(value);
  }

  /** The absolute path that the scalar names; relative ones start at `baseDir`. */
  path(baseDir: string): string | undefined {
    const path = this.text();
    return path === undefined ? undefined : resolve(baseDir, path);
  }

  /** One of the words; the first when it is none of them. */
  word<T extends string>(words: readonly T[]): T {
    return words.find((word) => word === this.value) ?? (words[0] as T);
  }

  number(): number {
    return typeof this.value === 'number' ? this.value : 0;
  }

  flag(): boolean {
    return this.value === true || this.value === 'on';
  }

  durationMs(): number {
    return parseDuration(this.text() ?? '') ?? 0;
  }

  /** Of a percentage: 0 to 1. */
  fraction(): number {
    return parsePercent(this.text() ?? '') ?? 0;
  }

  bytes(): number {
    return readSize(this.value) ?? 0;
  }

  /** The value's name at the start of a sentence. */
  quote(): string {
    return this.document.quote(this.pointer, this.value);
  }

  /** Where the file says it. */
  get place(): Place {
    return this.document.report.placeOf(this.document.places.get(this.pointer)?.value ?? 0);
  }

  fault(code: FaultCode, text: string, at: 'key' | 'value' = 'value'): void {
    this.document.fault(this.pointer, code, text, at);
  }

  get #keyOffset(): number {
    return this.document.places.get(this.pointer)?.key ?? 0;
  }
}
