import { describe, expect, test } from 'vitest';
import { OperatorError, operator } from '../../../src/waf/operators/registry.ts';
import { readVectors } from '../transforms/vectors.ts';

/** What ModSecurity loads, to match everything or nothing, is an error here. */
const WRONG = new Set(['validateByteRange ', 'validateByteRange xxx', 'ipMatch 10.0.0.0/100']);

// The ModSecurity project's secrules-language-tests as they came with 3.0.9; of the 3,623 of ipMatch one in twenty.
for (const [file, vectors] of readVectors(new URL('./vectors/', import.meta.url))) {
  describe(file, () => {
    test.for(vectors.map((vector, index) => ({ ...vector, index })))('vector $index', ({ name, param, input, ret }) => {
      const argument = param ?? '';
      const compile = () => operator(name)?.compile({ argument });
      if (WRONG.has(`${name} ${argument}`)) expect(compile).toThrow(OperatorError);
      else expect(compile()?.(input) !== false).toBe(ret === 1);
    });
  });
}
