// What stands on both sides of a place between two bytes. Every assertion (`^ $ \b \z` …) is a set of such pairs,
// kept as a bit mask, so that automata need no special case for any of them.

/** Kinds of neighbour: the edge of the value, or a byte of one of four kinds. */
export const EDGE = 0;
export const OTHER = 1;
export const WORD_BYTE = 2;
export const LF = 3;
/** A line feed that is the last byte of the value: `$` matches before it. */
export const FINAL_LF = 4;
export const KINDS = 5;

/** A mask of (behind, ahead) pairs, bit `behind * KINDS + ahead`. */
export type ContextMask = number;

export const ANYWHERE: ContextMask = (1 << (KINDS * KINDS)) - 1;
export const AT_START: ContextMask = maskOf((behind) => behind === EDGE);
export const AT_END: ContextMask = maskOf((_, ahead) => ahead === EDGE);
export const AT_END_OR_FINAL_LF: ContextMask = maskOf((_, ahead) => ahead === EDGE || ahead === FINAL_LF);
/** PCRE: `^` of multiline mode does not match after a line feed that ends the value. */
export const AT_LINE_START: ContextMask = maskOf(
  (behind, ahead) => behind === EDGE || (behind === LF && ahead !== EDGE),
);
export const AT_LINE_END: ContextMask = maskOf((_, ahead) => ahead === EDGE || isLineFeed(ahead));
export const AT_WORD_BOUNDARY: ContextMask = maskOf(
  (behind, ahead) => (behind === WORD_BYTE) !== (ahead === WORD_BYTE),
);
export const NOT_AT_WORD_BOUNDARY: ContextMask = ANYWHERE & ~AT_WORD_BOUNDARY;
export const NOT_BEFORE_LF: ContextMask = maskOf((_, ahead) => !isLineFeed(ahead));

export function contextBit(behind: number, ahead: number): number {
  return 1 << (behind * KINDS + ahead);
}

/** The mask for a value that is read backwards. */
export function mirrored(mask: ContextMask): ContextMask {
  return maskOf((behind, ahead) => (mask & contextBit(ahead, behind)) !== 0);
}

function maskOf(holds: (behind: number, ahead: number) => boolean): ContextMask {
  let mask = 0;
  for (let behind = 0; behind < KINDS; behind++) {
    for (let ahead = 0; ahead < KINDS; ahead++) if (holds(behind, ahead)) mask |= contextBit(behind, ahead);
  }
  return mask;
}

function isLineFeed(kind: number): boolean {
  return kind === LF || kind === FINAL_LF;
}
