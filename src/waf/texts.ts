// The texts that chains of transformations make of a value: chains that come to the same text share it, and a step that
// cannot change what it is given makes none.
import type { Transform } from './transforms/registry.ts';

/** One transformation after a parent's; the root (number 0) is the value as it came. Parents come first. */
export interface Node {
  readonly parent: number;
  readonly transform: Transform;
  /** Presence bits of which the text before needs one, or this step does not change it. */
  readonly triggers: number;
  /** Presence bits that the step may add; all of them for decoders. */
  readonly adds: number;
}

/** One text; the first is the value as it came. */
export interface Text {
  /** The text that the transformation is given. */
  readonly from: number;
  readonly transform: Transform;
  /** Presence bits of which that text needs one, or this text is the same. */
  triggers: number;
  /** Presence bits that the text can have. */
  readonly mayHold: number;
  /** Behind a decoder anything may come out: what did is worth a look. */
  readonly isDecoded: boolean;
  /** Shorter texts match nothing that is asked here or behind. */
  minLength: number;
}

/** `present`: the presence word of the value. `ofNode`: for each node of the tree the number of its text. */
export function textsOf(present: number, nodes: readonly Node[]): { texts: Text[]; ofNode: Int32Array } {
  const texts: Text[] = [];
  const ofNode = new Int32Array(nodes.length);
  for (let node = 0; node < nodes.length; node++) {
    const { parent, transform, triggers, adds } = nodes[node] as Node;
    const from = ofNode[parent] as number;
    const before = texts[from];
    if (before !== undefined && (before.mayHold & triggers) === 0) {
      ofNode[node] = from;
      continue;
    }
    const same = texts.findIndex((text) => text.from === from && text.transform === transform);
    if (same !== -1) {
      // One of the two leaves letters as they are where nothing else is to be done.
      (texts[same] as Text).triggers |= triggers;
      ofNode[node] = same;
      continue;
    }
    const mayHold = before === undefined ? present : before.mayHold | adds;
    const isDecoded = before !== undefined && (before.isDecoded || adds === ANYTHING);
    ofNode[node] = texts.push({ from, transform, triggers, mayHold, isDecoded, minLength: Infinity }) - 1;
  }
  return { texts, ofNode };
}

/** All presence bits. */
export const ANYTHING = -1;

/** A text is as demanding as the least demanding question here or behind: shorter ones need not be made. */
export function demandLength(texts: readonly Text[], asked: number, minLength: number): void {
  let least = minLength;
  for (let place = asked; place !== 0; ) {
    const text = texts[place] as Text;
    text.minLength = Math.min(text.minLength, least);
    if (text.transform.lengthens === true) least = 0;
    place = text.from;
  }
}
