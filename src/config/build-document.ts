// YAML nodes to plain values: keys become texts, aliases and merge keys are followed, `${…}` is replaced in scalars of
// a configuration, and stays as it is in other files. Everything is bounded, so that no file can grow in memory far
// beyond its size.

import type { Node as YamlNode } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { broken, ConfigDocument } from './document.ts';
import type { Environment, Interpolated } from './interpolate.ts';
import { interpolate, isPureReference } from './interpolate.ts';
import { cut, pointerTo } from './pointer.ts';
import type { Report } from './report.ts';
import { readPlainScalar } from './scalar.ts';
import { isSecretKey, isSpacedUrl } from './secrets.ts';
import { parseYaml } from './yaml.ts';

/** Values that references to anchors may add: a few lines can otherwise stand for billions ("billion laughs"). */
const maxAliasedValues = 100_000;
const tooManyValues = 'the references (*) of the file stand for too many values';
const maxDepth = 64;

type Keyed = Record<string, unknown>;

/** Where the walk stands. */
interface Spot {
  readonly pointer: string;
  readonly key: string;
  readonly keyOffset: number;
  readonly depth: number;
  readonly isSecret: boolean;
  /** Inside an alias. */
  readonly isAliased: boolean;
}

/**
 * Reads a text; faults go to the report. Never throws. `from`: undefined in a file whose `${…}` is what it says, and which
 * holds no secrets.
 */
export function readDocument(text: string, from: Environment | undefined, report: Report): ConfigDocument {
  const document = new ConfigDocument(report);
  const { document: yaml, original } = parseYaml(text, report);
  const root = yaml.contents as YamlNode | null;
  const spot = { pointer: '', key: '', keyOffset: root?.range?.[0] ?? 0, depth: 0, isSecret: false, isAliased: false };
  const isExhausted = yaml.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION');
  document.value = isExhausted ? broken : (new Builder(document, from, original).build(root, spot) ?? {});
  return document;
}

class Builder {
  readonly #document: ConfigDocument;
  readonly #from: Environment | undefined;
  readonly #original: (text: string) => string;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open = new Set<YamlNode>();
  #aliased = 0;
  readonly #told = new Set<string>();

  constructor(document: ConfigDocument, from: Environment | undefined, original: (text: string) => string) {
    this.#document = document;
    this.#from = from;
    this.#original = original;
  }

  build(node: YamlNode | null, spot: Spot): unknown {
    const isEmpty = node === null || (isScalar(node) && node.source === '' && node.type === Scalar.PLAIN);
    const value = isEmpty ? spot.keyOffset : (node.range?.[0] ?? spot.keyOffset);
    this.#document.places.set(spot.pointer, { key: spot.keyOffset, value });
    if (node === null) return null;
    if (spot.depth > maxDepth) return this.#refuseOnce(spot, 'the file is nested too deeply');
    if (isAlias(node)) return this.#alias(node.source, spot);
    if (spot.isAliased && this.#isTooMuch()) return this.#refuseOnce(spot, tooManyValues);
    if (node.anchor !== undefined && !spot.isAliased) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node, spot, value);
    this.#open.add(node);
    const built = isMap(node) ? this.#map(node, spot) : this.#list(node as YAMLSeq<YamlNode | null>, spot);
    this.#open.delete(node);
    return built;
  }

  #alias(name: string, spot: Spot): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined) return this.#refuse(spot, 'there is no such anchor (&) above');
    if (this.#open.has(target)) return this.#refuse(spot, 'the reference (*) lies within what it refers to');
    return this.build(target, { ...spot, isAliased: true });
  }

  #map(node: YAMLMap, spot: Spot): Keyed {
    const map = Object.create(null) as Keyed;
    this.#fill(map, node, spot, false);
    return map;
  }

  /** Puts a map's own keys first, then what its merge keys (`<<`) add and it does not have. */
  #fill(map: Keyed, node: YAMLMap, spot: Spot, isMerged: boolean): void {
    const seen = new Map<string, number>();
    const merges: [YamlNode | null, number][] = [];
    for (const pair of node.items as Pair<YamlNode | null, YamlNode | null>[]) {
      if (isMerged && this.#isTooMuch()) return void this.#refuseOnce(spot, tooManyValues);
      const keyOffset = pair.key?.range?.[0] ?? spot.keyOffset;
      const key = this.#key(pair.key, keyOffset);
      if (key === undefined) continue;
      if (key === '<<' && isScalar(pair.key) && pair.key.type === Scalar.PLAIN) {
        merges.push([pair.value, keyOffset]);
      } else if (seen.has(key)) {
        const first = this.#document.report.lineOf(seen.get(key) ?? 0);
        this.#document.report.add(
          keyOffset,
          'duplicate-key',
          '',
          `the key "${cut(key)}" stands here twice; the first is on line ${first}`,
        );
      } else if (!(isMerged && key in map)) {
        seen.set(key, keyOffset);
        map[key] = this.build(pair.value, this.#below(spot, key, keyOffset));
      }
    }
    for (const [value, keyOffset] of merges) this.#merge(map, value, { ...spot, keyOffset });
  }

  #merge(map: Keyed, value: YamlNode | null, spot: Spot): void {
    const source = isAlias(value) ? (this.#anchors.get(value.source) ?? null) : value;
    if (isSeq(source)) {
      for (const item of source.items as (YamlNode | null)[]) this.#merge(map, item, spot);
    } else if (!isMap(source) || this.#open.has(source) || spot.depth > maxDepth) {
      this.#document.report.add(
        spot.keyOffset,
        'wrong-type',
        '',
        'the merge key << takes a map, a reference to one, or a list of these',
      );
    } else {
      this.#open.add(source);
      this.#fill(map, source, { ...spot, depth: spot.depth + 1, isAliased: spot.isAliased || isAlias(value) }, true);
      this.#open.delete(source);
    }
  }

  #list(node: YAMLSeq<YamlNode | null>, spot: Spot): unknown[] {
    return node.items.map((item, index) => {
      const pointer = pointerTo(spot.pointer, index);
      return this.build(item, {
        ...spot,
        pointer,
        keyOffset: item?.range?.[0] ?? spot.keyOffset,
        depth: spot.depth + 1,
      });
    });
  }

  #key(node: YamlNode | null, offset: number): string | undefined {
    const scalar = isAlias(node) ? this.#anchors.get(node.source) : node;
    if (isScalar(scalar)) {
      const key = this.#original(scalar.source ?? String(scalar.value));
      if (key !== '') return key;
    }
    this.#document.report.add(offset, 'wrong-type', '', 'a key is missing here, or is not a plain word');
    return undefined;
  }

  #scalar(node: Scalar, spot: Spot, offset: number): unknown {
    const { pointer, isSecret } = spot;
    const written = this.#original(node.source ?? String(node.value));
    const { text, isForeign, faults } =
      this.#from === undefined ? asWritten(written) : interpolate(written, this.#from);
    this.#document.places.set(pointer, { key: spot.keyOffset, value: offset, written, text, isForeign, isSecret });
    const holdsSecret = this.#from !== undefined && (isSecret ? !isPureReference(written) : isSpacedUrl(written));
    if (holdsSecret && node.range) {
      this.#document.report.hide({ start: node.range[0], end: node.range[1] });
    }
    for (const fault of faults) this.#document.fault(pointer, fault.code, fault.text);
    if (faults.length > 0) return broken;
    // An explicit tag (!!str, !!int) or quotes decide what the scalar is; only a bare one is read by its looks.
    if (node.tag !== undefined && typeof node.value !== 'string') return node.value;
    return node.type === Scalar.PLAIN && node.tag === undefined ? readPlainScalar(text) : text;
  }

  #below(spot: Spot, key: string, keyOffset: number): Spot {
    const isSecret = this.#from !== undefined && (spot.isSecret || isSecretKey(key, spot.key));
    return { ...spot, pointer: pointerTo(spot.pointer, key), key, keyOffset, depth: spot.depth + 1, isSecret };
  }

  #isTooMuch(): boolean {
    return ++this.#aliased > maxAliasedValues;
  }

  /** For bounds, which are passed many times once they are passed. */
  #refuseOnce(spot: Spot, text: string): unknown {
    if (!this.#told.has(text)) this.#document.tell(spot.pointer, 'yaml-syntax', text, 'value', '');
    this.#told.add(text);
    return broken;
  }

  #refuse(spot: Spot, text: string): unknown {
    this.#document.fault(spot.pointer, 'yaml-syntax', text);
    return broken;
  }
}

function asWritten(text: string): Interpolated {
  return { text, isForeign: false, faults: [] };
}
