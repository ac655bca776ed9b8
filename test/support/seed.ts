// Before each test file: the property tests draw from one seed, so that the same tree always gives the same result.
// `npm run fuzz` (FUZZ_RUNS) draws from a new one each time, and prints it when it finds something.
import fc from 'fast-check';

if (process.env.FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 });
