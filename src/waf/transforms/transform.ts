// What a transformation is: a name, a function from byte string to byte string, and two claims about bytes by which the
// engine proves that a value need not be transformed at all. A claim may be too wide, never too narrow.

export interface Transform {
  /** Lower case, one spelling: `normalizepath`. */
  readonly name: string;
  /** From byte string to byte string, in linear time. Returns the very same string when nothing changed; never throws. */
  readonly apply: (value: string) => string;
  /** Bytes of which the value must hold at least one, or `apply` is the identity. undefined: it may always change. */
  readonly triggers: readonly number[] | undefined;
  /** Bytes that the result can hold though the value did not; `any` for decoders. */
  readonly adds: readonly number[] | 'any';
  /** The result can be longer than the value. */
  readonly lengthens?: true;
  /** A bound of the result's length that is cheaper than the result, where that often is much shorter than the value. */
  readonly mostLength?: (value: string) => number;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): readonly number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** All bytes from `first` to `last`. */
export function byteRange(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
