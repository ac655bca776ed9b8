// The HTTP/1.1 client's reading of responses against random ones: FUZZ_RUNS runs of each property, or
// about a second of each.
import fc from 'fast-check';
import { test } from 'vitest';
import { PROPERTIES } from '../upstream/http1/properties.ts';

const runs = process.env.FUZZ_RUNS;
const bounds: fc.Parameters<unknown> =
  runs === undefined ? { numRuns: 1_000_000, interruptAfterTimeLimit: 1000 } : { numRuns: Number(runs) };

test.for(PROPERTIES)('$name', { timeout: 3_600_000 }, async ({ property }) => {
  await fc.assert(property, bounds);
});
