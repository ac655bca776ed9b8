import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coversAddress, parseCidr, parseListenAddress } from '../../../src/config/syntax/address.ts';

describe('addresses to listen on', () => {
  test.for([
    [':443', undefined, 443],
    ['0.0.0.0:443', '0.0.0.0', 443],
    ['127.0.0.1:8443', '127.0.0.1', 8443],
    ['[::1]:8443', '::1', 8443],
    ['[0:0::0:1]:8443', '::1', 8443],
    ['[::]:443', '::', 443],
    ['[fe80::1%eth0]:443', 'fe80::1%eth0', 443],
    ['localhost:8443', 'localhost', 8443],
    ['Gateway.Internal:443', 'gateway.internal', 443],
    ['8443', undefined, 8443],
    [8443, undefined, 8443],
    [0, undefined, 0],
    [':0', undefined, 0],
    [':65535', undefined, 65_535],
  ] as const)('%s', ([written, host, port]) => {
    expect(parseListenAddress(written)).toEqual({ value: { host, port } });
  });

  test.for([
    ['', /has no port/],
    ['localhost', /has no port/],
    ['127.0.0.1', /has no port/],
    ['::1', /brackets/],
    ['::1:443', /brackets/],
    ['[::1]', /has no port/],
    ['[::1]443', /no port|no port number|more than one colon/],
    ['[g::1]:443', /no IPv6 address/],
    [':65536', /above 65535/],
    [70_000, /above 65535/],
    [-1, /has no port/],
    [1.5, /has no port/],
    [':https', /no port number/],
    [':', /no port number/],
    ['a b:80', /no valid host/],
    ['300.0.0.1:80', /no valid host/],
    ['a:b:80', /more than one colon/],
    ['http://localhost:80', /scheme/],
    ['localhost:80/x', /slash/],
    ['*:80', /no valid host/],
  ] as const)('%s is refused', ([written, fault]) => {
    expect(parseListenAddress(written)).toEqual({ fault: expect.stringMatching(fault) });
  });

  test.for([
    [':443', ':443', true],
    [':443', '127.0.0.1:443', true],
    [':443', '[::1]:443', true],
    ['0.0.0.0:443', '127.0.0.1:443', true],
    ['[::]:443', '[::1]:443', true],
    ['[::]:443', '0.0.0.0:443', true],
    ['[::]:443', ':443', true],
    ['127.0.0.1:443', '127.0.0.1:443', true],
    ['127.0.0.1:443', '127.0.0.2:443', false],
    ['0.0.0.0:443', '[::1]:443', false],
    [':443', ':444', false],
    [':0', ':0', false],
  ] as const)('%s takes %s: %s', ([a, b, covers]) => {
    const [first, second] = [parseListenAddress(a), parseListenAddress(b)];
    if ('fault' in first || 'fault' in second) throw new Error('not an address');
    expect(coversAddress(first.value, second.value)).toBe(covers);
  });

  test('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w.:[\]]{0,20}:\d{0,6}$/)), (text) => {
        const parsed = parseListenAddress(text);
        if ('value' in parsed) expect(parsed.value.port).toBeLessThanOrEqual(65_535);
      }),
    );
  });
});

describe('address ranges', () => {
  test.for([
    '10.0.0.0/8',
    '10.1.2.3/8',
    '0.0.0.0/0',
    '192.0.2.7',
    '192.0.2.7/32',
    '2001:db8::/32',
    '::1',
    '::/0',
    '::ffff:10.0.0.0/104',
  ])('%s', (range) => {
    expect(parseCidr(range)).toEqual({ value: range });
  });

  test.for([
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::1/129',
    'fe80::1%eth0',
    'localhost',
    ' 10.0.0.1',
    '10.0.0.0/8 ',
  ])('%j is refused', (range) => {
    expect(parseCidr(range)).toHaveProperty('fault');
  });

  test('what is read, a block list takes', () => {
    const range = fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: -1, max: 140 }))
      .map(([ip, prefix]) => `${ip}/${prefix}`);
    fc.assert(
      fc.property(range, (text) => {
        if ('fault' in parseCidr(text)) return;
        const [address = '', prefix] = text.split('/');
        new BlockList().addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
      }),
    );
  });
});
