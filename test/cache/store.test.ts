// What is kept when there is no room for all.
import { describe, expect, test } from 'vitest';
import { completed, type Entry } from '../../src/cache/entry.ts';
import { MemoryStore } from '../../src/cache/memory-store.ts';
import { variantKey } from '../../src/cache/vary.ts';

let storedAt = 0;

function entry(
  key: string,
  more: { bytes?: number; language?: string; tags?: string[]; fields?: string[] } = {},
): Entry {
  const fields = more.fields ?? (more.language === undefined ? [] : ['accept-language']);
  const headers = more.language === undefined ? [] : ['accept-language', more.language];
  return completed(
    {
      key,
      fields,
      variant: variantKey(fields, 'route', headers),
      status: 200,
      headers: [],
      storedAt: ++storedAt,
      bornAt: 0,
      staleAt: 1,
      delayMs: 0,
      etag: undefined,
      lastModified: undefined,
      tags: more.tags ?? [],
      isPublic: false,
      allowsCredentials: false,
      noCache: false,
      mustRevalidate: false,
      staleWhileRevalidate: 0,
      staleIfError: 0,
    },
    Buffer.alloc(more.bytes ?? 0),
    () => {},
  );
}

function store(bounds: { maxBytes?: number; maxEntries?: number; maxVariants?: number } = {}): MemoryStore {
  return new MemoryStore({ maxBytes: 1_000_000, maxEntries: 1000, maxVariants: 100, ...bounds });
}

const find = (kept: MemoryStore, key: string, language?: string): Entry | undefined =>
  kept.find(key, 'route', language === undefined ? [] : ['accept-language', language]);

describe('bounds', () => {
  test('of entries: who was not asked for gives way', () => {
    const kept = store({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) kept.add(entry(key));
    find(kept, 'a');
    kept.add(entry('d'));
    expect(['a', 'b', 'c', 'd'].map((key) => find(kept, key) !== undefined)).toEqual([true, false, true, true]);
    expect([kept.entries, kept.evicted]).toEqual([3, 1]);
  });

  test('of bytes', () => {
    const kept = store({ maxBytes: 10_000 });
    for (let i = 0; i < 50; i++) {
      kept.add(entry(String(i), { bytes: 1500 }));
      expect(kept.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(kept.entries).toBe(4);
    expect(kept.add(entry('large', { bytes: 10_000 }))).toBe(false);
    expect(kept.entries).toBe(4);
  });

  test('of what many tags take, which is more than their text', () => {
    const kept = store({ maxBytes: 1_000_000 });
    for (let i = 0; i < 200; i++)
      kept.add(entry(String(i), { tags: Array.from({ length: 60 }, (_, k) => `${i}-${k}`) }));
    expect(kept.entries).toBeLessThan(1_000_000 / (60 * 256));
  });

  test('of variants: a client that makes up request fields drives nobody else out', () => {
    const kept = store({ maxVariants: 10 });
    kept.add(entry('other'));
    for (let i = 0; i < 1000; i++) kept.add(entry('a', { language: `l${i}` }));
    expect([kept.entries, find(kept, 'other') !== undefined]).toEqual([11, true]);
    expect([find(kept, 'a', 'l999') !== undefined, find(kept, 'a', 'l0')]).toEqual([true, undefined]);
  });

  test('of what an application names in Vary', () => {
    const kept = store();
    for (let i = 0; i < 1000; i++) kept.add(entry('a', { fields: [`x-${i}`] }));
    expect(kept.entries).toBeLessThanOrEqual(4);
  });

  test('what is still coming counts, and takes half at most', () => {
    const kept = store({ maxBytes: 10_000 });
    for (let i = 0; i < 4; i++) kept.add(entry(String(i), { bytes: 1500 }));
    expect([kept.reserve(5000), kept.reserve(1)]).toEqual([true, false]);
    expect(kept.bytes).toBeLessThanOrEqual(5000);
    kept.release(5000);
    expect(kept.reserve(1)).toBe(true);
  });
});

test('an answer takes the place of the one for the same request, and the newest counts', () => {
  const kept = store();
  kept.add(entry('a', { bytes: 1 }));
  kept.add(entry('a', { bytes: 2 }));
  expect([kept.entries, find(kept, 'a')?.body.length]).toEqual([1, 2]);
  kept.add(entry('a', { bytes: 3, language: 'de' }));
  expect([find(kept, 'a', 'de')?.body.length, find(kept, 'a', 'en')?.body.length]).toEqual([3, 2]);
});

test('is thrown away by key, prefix, tag, or all', () => {
  const kept = store();
  const fill = (): void => {
    kept.add(entry('h/a', { language: 'de', tags: ['x'] }));
    kept.add(entry('h/a', { language: 'en', tags: ['x', 'y'] }));
    kept.add(entry('h/a/b', { tags: ['y'] }));
    kept.add(entry('h/c'));
  };
  fill();
  expect([kept.removeKey('h/a'), kept.entries]).toEqual([2, 2]);
  fill();
  expect([kept.removePrefix('h/a'), kept.entries]).toEqual([3, 1]);
  fill();
  expect([kept.removeTag('y'), kept.entries]).toEqual([2, 2]);
  expect([kept.removeTag('y'), kept.clear(), kept.bytes]).toEqual([0, 2, 0]);
});
