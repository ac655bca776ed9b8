// Rule text to rules: every vector says what must be there; what it does not name is not looked at.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { printSecLang } from '../../../src/waf/seclang/print.ts';
import { parse, withoutSources } from './reading.ts';

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly items: readonly object[];
}

const folder = new URL('vectors/rules/', import.meta.url);

describe.for(readdirSync(folder).sort())('%s', (file) => {
  const vectors = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector[];

  test.for(vectors)('$name', ({ text, items }) => {
    const { ruleSet, problems } = parse(text);
    expect(problems).toEqual([]);
    expect(ruleSet.items).toMatchObject(items);
  });

  test.for(vectors)('printed and read again: $name', ({ text }) => {
    const { ruleSet } = parse(text);
    const again = parse(printSecLang(ruleSet));
    expect(again.problems).toEqual([]);
    expect(withoutSources(again.ruleSet)).toEqual(withoutSources(ruleSet));
  });
});
