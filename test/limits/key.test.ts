import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLimitKey } from '../../src/config/syntax/limit.ts';
import { type Asking, keyReader, unprovedClaim } from '../../src/limits/key.ts';

function asking(headers: readonly string[], client = '203.0.113.9', path = '/'): Asking {
  return { client, request: { headers, path, authority: 'app.test' } } as unknown as Asking;
}

function token(payload: unknown): string {
  return `Bearer e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;
}

function keyOf(keys: readonly string[], x: Asking): string | undefined {
  return keyReader(
    keys.flatMap((text) => {
      const parsed = parseLimitKey(text);
      return 'value' in parsed ? [parsed.value] : [];
    }),
  )(x);
}

describe('what requests are counted by', () => {
  test('IPv6 clients count by /64, however they write it', () => {
    const key = (client: string): string | undefined => keyOf(['client.ip'], asking([], client));
    expect(key('2001:db8:0:1::5')).toBe(key('2001:DB8::1:ffff:0:0:9'));
    expect(key('2001:db8:0:2::5')).not.toBe(key('2001:db8:0:1::5'));
    expect(key('203.0.113.9')).not.toBe(key('203.0.113.8'));
  });

  test('a secret is hashed', () => {
    const key = keyOf(
      ['header:x-api-key', 'cookie:session'],
      asking(['x-api-key', 'k3y', 'cookie', 'a=1; session=s3cret']),
    );
    expect(key).toMatch(/^[\w-]{22} [\w-]{22} $/);
    expect(keyOf(['header:x-api-key'], asking(['x-api-key', 'other']))).not.toBe(
      keyOf(['header:x-api-key'], asking(['x-api-key', 'k3y'])),
    );
  });

  test('keys stay short, whatever clients send', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), fc.string({ maxLength: 3000 }), (path, value) => {
        const x = asking(['x-api-key', value, 'authorization', token({ sub: value })], '203.0.113.9', `/${path}`);
        expect((keyOf(['client.ip', 'path', 'header:x-api-key', 'jwt:sub'], x) ?? '').length).toBeLessThan(200);
      }),
    );
  });

  test.for([
    ['header:x-api-key', []],
    ['header:x-api-key', ['x-api-key', '']],
    ['cookie:session', ['cookie', 'other=1']],
    ['jwt:sub', ['authorization', 'Basic abc']],
    ['jwt:sub', ['authorization', 'Bearer a.b']],
    ['jwt:sub', ['authorization', token({ sub: { of: 'objects' } })]],
    ['jwt:constructor', ['authorization', token({})]],
  ] as const)('%s of %j: there is none', ([key, headers]) => {
    expect(keyOf([key], asking(headers))).toBeUndefined();
  });

  test('a claim is read out of a bearer token', () => {
    expect(unprovedClaim(token({ sub: 'ann' }), 'sub')).toBe('ann');
    expect(unprovedClaim(token({ uid: 7 }), 'uid')).toBe('7');
    expect(unprovedClaim(token({ sub: 'a'.repeat(9000) }), 'sub')).toBeUndefined();
  });

  test('no token makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (header, name) => {
        unprovedClaim(`Bearer ${header}`, name);
        unprovedClaim(`Bearer a.${Buffer.from(header).toString('base64url')}.c`, name);
      }),
    );
  });
});
