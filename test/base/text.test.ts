import { expect, test } from 'vitest';
import { readableText } from '../../src/base/text.ts';

test.for([
  ['plain', 'plain'],
  ['Gr\u00c3\u00bc\u00c3\u009fe', 'Grüße'],
  ['\u00ff\u00fe', '\u00ff\u00fe'],
  ['cut \u00c3', 'cut \u00c3'],
] as const)('%j reads %s', ([bytes, text]) => {
  expect(readableText(bytes)).toBe(text);
});
