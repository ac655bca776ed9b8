// Around each test file. Before it: the property tests draw from one seed, so that the same tree always gives the same
// result; `npm run fuzz` (FUZZ_RUNS) draws from a new one each time, and prints it when it finds something. After it: the
// clock is the real one again, and so is all else that was put in place of something, for the next file may run in this process.
import fc from 'fast-check';
import { afterAll, vi } from 'vitest';

if (process.env.FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 });

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
