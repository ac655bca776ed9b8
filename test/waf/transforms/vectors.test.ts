import { describe, expect, test } from 'vitest';
import { transform } from '../../../src/waf/transforms/registry.ts';
import { readVectors } from './vectors.ts';

// The ModSecurity project's secrules-language-tests: those that came with 3.0.9, of removeComments and sqlHexDecode the
// later ones, which no longer hold the faults of 3.0.9.
for (const [file, vectors] of readVectors(new URL('./vectors/', import.meta.url))) {
  describe(file, () => {
    test.for(vectors.map((vector, index) => ({ ...vector, index })))('vector $index', ({ name, input, output }) => {
      expect(transform(name)?.apply(input)).toBe(output);
    });
  });
}
