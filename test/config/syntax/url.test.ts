import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { looksLikeUrl, parseRedisUrl, parseServerUrl } from '../../../src/config/syntax/url.ts';

describe('URLs of servers', () => {
  test.for([
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/'],
    ['https://app.internal', 'https://app.internal/'],
    ['HTTP://App.Internal:80/', 'http://app.internal/'],
    ['http://my_service:8080/base/path', 'http://my_service:8080/base/path'],
    ['http://[::1]:3000', 'http://[::1]:3000/'],
    ['http://bücher.example', 'http://xn--bcher-kva.example/'],
  ] as const)('%s', ([written, href]) => {
    const parsed = parseServerUrl(written);
    expect('value' in parsed && parsed.value.href).toBe(href);
  });

  test.for([
    ['127.0.0.1:3000', /begins with http:\/\/ or https:\/\//],
    ['ws://a', /begins with http/],
    ['http:a', /begins with http/],
    ['http://', /not a valid URL/],
    ['http://a:99999', /not a valid URL/],
    ['http://a:0', /port 0/],
    ['http://user@a', /user name or password/],
    ['http://user:pass@a', /user name or password/],
    ['http://@a', /user name or password/],
    ['http://a/?x', /query or a fragment/],
    ['http://a?', /query or a fragment/],
    ['http://a/#x', /query or a fragment/],
    ['http://a b', /space/],
    [' http://a', /begins with http/],
    ['http://a\\b', /backslash/],
    ['http://a\nb', /control character/],
    ['http://*.a', /no valid host/],
  ] as const)('%j is refused', ([written, fault]) => {
    expect(parseServerUrl(written)).toEqual({ fault: expect.stringMatching(fault) });
  });

  test('a fault never repeats the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string()), fc.string({ minLength: 6, maxLength: 12 }), (text, extra) => {
        fc.pre(/^[a-z]{2}\d{4}/.test(extra) || extra.length > 8);
        const parsed = parseServerUrl(`${text}${extra}`);
        if ('fault' in parsed) expect(parsed.fault).not.toContain(extra);
      }),
    );
  });
});

test('Redis may have a password', () => {
  expect(parseRedisUrl('redis://:secret@10.0.0.9:6379/1')).toHaveProperty('value');
  expect(parseRedisUrl('http://10.0.0.9')).toHaveProperty('fault');
});

test.for([
  ['http://a', true],
  ['ftp://a', true],
  ['https:a', true],
  ['a', false],
  ['a:80', false],
  ['localhost:3000', false],
] as const)('%s was meant as a URL: %s', ([text, isUrl]) => {
  expect(looksLikeUrl(text)).toBe(isUrl);
});
