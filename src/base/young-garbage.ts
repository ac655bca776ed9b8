// What a body leaves behind. Node makes a buffer for each piece that it reads; it is garbage a moment later, but V8 does not
// count its bytes towards a collection of young objects, and lets 64 MiB of them lie before it collects everything.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** As much lies at most. A collection takes less than a millisecond as a rule, and spares the long ones. */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor' }) => void;

let lying = 0;
let collect: Collect | undefined;

/** Buffers of so many bytes were read and will soon not be needed. Now and then young objects are collected here. */
export function leavesBehind(bytes: number): void {
  lying += bytes;
  if (lying < COLLECT_AFTER_BYTES) return;
  lying = 0;
  collect ??= takeCollect();
  collect({ type: 'minor' });
}

/** V8 gives it to contexts that are made while the flag is set: no other code can reach it. Without it garbage lies longer. */
function takeCollect(): Collect {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('globalThis.gc') as Collect | undefined;
  setFlagsFromString('--no-expose-gc');
  return gc ?? (() => {});
}
