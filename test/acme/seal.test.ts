// What is sealed for a store that others can write.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noSeal, sealBy } from '../../src/acme/storage/seal.ts';
import { readNews } from '../../src/acme/storage/shared-texts.ts';

const seal = sealBy('a secret of all machines', 'gatehouse');
const text = fc.string({ unit: 'binary' });

test('what was sealed is opened as it was, under its own key alone', () => {
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (plain, key, other) => {
      const sealed = seal.close(key, plain);
      expect(seal.open(key, sealed)).toEqual({ text: Buffer.from(plain).toString() });
      if (plain.length > 8) expect(sealed).not.toContain(plain);
      if (other !== key) expect(seal.open(other, sealed)).toBe('broken');
    }),
  );
});

test('nothing else is ever opened', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map((more) => `sealed:1:${more}`),
      ),
      (any) => {
        expect(seal.open('key', any)).toSatisfy((opened) => opened === 'broken' || opened === 'foreign');
      },
    ),
  );
  const sealed = seal.close('key', 'the text');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom('a', 'B', '3', '_', '-', ':', '='), (at, letter) => {
      const altered = sealed.slice(0, at) + letter + sealed.slice(at + 1);
      if (altered !== sealed) expect(typeof seal.open('key', altered)).toBe('string');
    }),
  );
});

test('another secret is told from damage, and a machine without one does not take it for a text', () => {
  const sealed = sealBy('another secret of theirs', 'gatehouse').close('key', 'the text');
  expect(seal.open('key', sealed)).toBe('foreign');
  expect(noSeal.open('key', sealed)).toBe('foreign');
  expect(noSeal.open('key', noSeal.close('key', 'the text'))).toEqual({ text: 'the text' });
});

test('news are a key, perhaps with a text, or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (message) => {
      const news = readNews(message);
      if (news !== undefined) expect(typeof news.key).toBe('string');
    }),
  );
  expect(readNews('{"key":"a","text":null,"more":1}')).toEqual({ key: 'a', text: null });
  expect(readNews('{"key":"a","text":1}')).toBeUndefined();
  expect(readNews(`{"key":"${'a'.repeat(100_000)}"}`)).toBeUndefined();
});
