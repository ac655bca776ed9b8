// A short run of the properties that test/fuzz/http1-response.test.ts runs for long.
import fc from 'fast-check';
import { test } from 'vitest';
import { PROPERTIES } from './properties.ts';

test.for(PROPERTIES)('$name', async ({ property }) => {
  await fc.assert(property, { numRuns: 300 });
});
