// Patterns with every construct that CRS 4 uses, against the values they are meant for and near misses.
import { expect, test } from 'vitest';
import { compilePattern } from '../../../src/waf/pattern/pattern.ts';
import typical from './typical-patterns.json' with { type: 'json' };

test.for(typical)('$pattern', ({ pattern, matches, misses }) => {
  const compiled = compilePattern(pattern);
  for (const value of matches) {
    expect(compiled.test(value), JSON.stringify(value)).toBe(true);
    expect(compiled.exec(value), JSON.stringify(value)).toBeDefined();
  }
  for (const value of misses) {
    expect(compiled.test(value), JSON.stringify(value)).toBe(false);
    expect(compiled.exec(value), JSON.stringify(value)).toBeUndefined();
  }
});
