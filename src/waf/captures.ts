// TX.0 to TX.9: what the last pattern caught.
import type { TxValue } from './tx-store.ts';

/** The same with one of them set, or forgotten. */
export function withCapture(
  captured: readonly (string | undefined)[],
  place: number,
  value: TxValue | undefined,
): (string | undefined)[] {
  const copy = captured.slice();
  copy[place] = value === undefined ? undefined : String(value);
  return copy;
}

/** `tx.0` to `tx.9` are what the last pattern caught. */
export function captureNumber(name: string): number | undefined {
  if (name.length !== 1) return undefined;
  const digit = name.charCodeAt(0) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : undefined;
}
