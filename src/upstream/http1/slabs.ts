// Room for what was read from a backend, used again when a client has taken it. V8 lets 64 MiB of such memory lie before it
// looks for what nobody needs: a large answer would make the process as much larger.
import { leavesBehind } from '../../base/young-garbage.ts';
import type { Release } from '../../http/body.ts';

/** As much as one read brings (upstream/connect.ts). */
export const SLAB_BYTES: number = 64 * 1024;
/** More than this that lie unused are let go. */
const MAX_SPARE = 16;

export interface Slab {
  readonly bytes: Buffer;
  /** After a failed write nobody knows who still reads the bytes: they are let go. */
  readonly release: Release;
}

const spare: Buffer[] = [];

/** What it holds is of somebody else: only what is written there may be handed on. */
export function lendSlab(): Slab {
  const bytes = spare.pop() ?? freshSlab();
  let isLent = true;
  const release: Release = (error) => {
    if (isLent && !error && spare.length < MAX_SPARE) spare.push(bytes);
    isLent = false;
  };
  return { bytes, release };
}

/** Where whoever takes the bytes gives nothing back (a coder, a cache), each is fresh, and garbage soon. */
function freshSlab(): Buffer {
  leavesBehind(SLAB_BYTES);
  return Buffer.allocUnsafeSlow(SLAB_BYTES);
}
