import { describe, expect, test } from 'vitest';
import { networkOf } from '../../src/base/ip.ts';
import type { RequestKey } from '../../src/config/model/upstreams.ts';
import { cookieValue, removeCookie } from '../../src/http/cookies.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import { keyReader } from '../../src/upstream/request-key.ts';

function keyOf(key: RequestKey, client: string, headers: string[] = [], path = '/'): number {
  const request = { headers, path, authority: 'a.test' } as unknown as Exchange['request'];
  return keyReader(key)({ client, request });
}

describe('a client counts as its network', () => {
  test.for([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0db8:0000:0000:1::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['1::', '1:0:0:0'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0'],
    ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4'],
  ] as const)('%s: %s', ([address, network]) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('requests are told apart', () => {
  const byTenant: RequestKey = { by: 'header', name: 'x-tenant' };
  const bySession: RequestKey = { by: 'cookie', name: 'sid' };

  test('by client, IPv6 by /64', () => {
    const key: RequestKey = { by: 'client.ip' };
    expect(keyOf(key, '2001:db8::1')).toBe(keyOf(key, '2001:db8::ffff'));
    expect(keyOf(key, '2001:db8::1')).not.toBe(keyOf(key, '2001:db8:0:1::1'));
    expect(keyOf(key, '192.0.2.1')).not.toBe(keyOf(key, '192.0.2.2'));
  });

  test('by path, without the query', () => {
    expect(keyOf({ by: 'path' }, 'a', [], '/a')).toBe(keyOf({ by: 'path' }, 'b', [], '/a'));
    expect(keyOf({ by: 'path' }, 'a', [], '/a')).not.toBe(keyOf({ by: 'path' }, 'a', [], '/b'));
  });

  test('by header and by cookie', () => {
    expect(keyOf(byTenant, 'a', ['x-tenant', '1'])).toBe(keyOf(byTenant, 'b', ['x-tenant', '1']));
    expect(keyOf(byTenant, 'a', ['x-tenant', '1'])).not.toBe(keyOf(byTenant, 'a', ['x-tenant', '2']));
    expect(keyOf(bySession, 'a', ['cookie', 'x=1; sid=7'])).toBe(keyOf(bySession, 'b', ['cookie', 'sid=7']));
    expect(keyOf({ by: 'header', name: 'host' }, 'a')).toBe(keyOf({ by: 'header', name: 'host' }, 'b'));
  });

  test.for([byTenant, bySession])('by client where there is none: %j', (key) => {
    expect(keyOf(key, '192.0.2.1')).toBe(keyOf({ by: 'client.ip' }, '192.0.2.1'));
  });
});

describe('single cookies', () => {
  const headers = ['accept', '*/*', 'cookie', 'a=1; gh_node=x=y; b="2"', 'cookie', 'gh_node=z'];

  test('are found by their whole name', () => {
    expect(cookieValue(headers, 'gh_node')).toBe('x=y');
    expect(cookieValue(headers, 'b')).toBe('"2"');
    expect(cookieValue(headers, 'node')).toBeUndefined();
    expect(cookieValue(['cookie', 'gh_node'], 'gh_node')).toBe('gh_node');
  });

  test('are taken out, every one of the name, and no other', () => {
    const left = [...headers];
    removeCookie(left, 'gh_node');
    expect(left).toEqual(['accept', '*/*', 'cookie', 'a=1; b="2"']);
  });
});
