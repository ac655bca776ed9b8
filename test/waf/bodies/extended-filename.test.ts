import { expect, test } from 'vitest';
import { parseDisposition } from '../../../src/waf/bodies/content-disposition.ts';

const of = (rest: string): string => `form-data; name="f"; filename="a b.txt"; ${rest}`;

test('the same name once more for other alphabets (RFC 5987) is no error', () => {
  const { fileNames, error } = parseDisposition(of("filename*=utf-8''a%20b.txt"));
  expect([fileNames, error]).toEqual([['a b.txt'], undefined]);
});

test.for(["filename*=utf-8''shell.php", "filename*=utf-16''a%20b.txt", 'filename*=a%20b.txt', "filename*=utf-8''a%2"])(
  'another one is: %s',
  (second) => {
    const { fileNames, error } = parseDisposition(of(second));
    expect(fileNames).toHaveLength(2);
    expect(error).toMatch(/unknown/);
  },
);

test('alone it is an error', () => {
  expect(parseDisposition('form-data; name="f"; filename*=utf-8\'\'a.txt').error).toMatch(/unknown/);
});
