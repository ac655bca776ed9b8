import { defineConfig } from 'vitest/config';

const ALL = 'test/**/*.test.ts';
/** What these measure, memory and promises of seconds, is true only while nothing else runs. */
const MEASURED = ['test/e2e/flat-memory.test.ts', 'test/acme/{pebble,processes,traffic}.test.ts'];
/** Nothing that these do outlives a file: they share processes, so that what is loaded and compiled once serves many. */
const SHARED = 'test/{base,bench,compress,config,http,limits,observe,route,tidy,tls,tuning,upstream,waf}/**/*.test.ts';

const each = { setupFiles: ['test/support/each-file.ts'], testTimeout: 20_000, hookTimeout: 20_000 };

export default defineConfig({
  test: {
    // All processors: by default one is left out, which is half of a machine with two.
    maxWorkers: '100%',
    coverage: { include: ['src/**/*.ts'] },
    projects: [
      { test: { ...each, name: 'alone', include: [ALL], exclude: [SHARED, ...MEASURED] } },
      { test: { ...each, name: 'shared', include: [SHARED], isolate: false } },
      { test: { ...each, name: 'measured', include: MEASURED, maxWorkers: 1 } },
    ],
  },
});
