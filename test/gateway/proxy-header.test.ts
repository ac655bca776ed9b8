import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../../src/gateway/proxy-header.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A header of version 2; `length` says something else than what follows. */
function binary(command: number, family: number, rest: Buffer, length: number = rest.length): Buffer {
  const head = Buffer.from([command, family, length >> 8, length & 255]);
  return Buffer.concat([SIGNATURE, head, rest]);
}

const TCP4 = Buffer.from('c000020763ffff01c8d501bb'.replace('63ffff01', 'cb007101'), 'hex');
const TCP6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('c8d501bb', 'hex'),
]);
const MAPPED = Buffer.concat([
  Buffer.from('00000000000000000000ffffc0000207', 'hex'),
  Buffer.from('00000000000000000000ffffcb007101', 'hex'),
  Buffer.from('c8d501bb', 'hex'),
]);
const V4 = { peer: '192.0.2.7', peerPort: 51_413, localAddress: '203.0.113.1', localPort: 443 };
const V6 = { peer: '2001:db8::1', peerPort: 51_413, localAddress: '2001:db8::2', localPort: 443 };

describe('a PROXY header', () => {
  test.for([
    ['version 1, IPv4', 'PROXY TCP4 192.0.2.7 203.0.113.1 51413 443\r\n', V4],
    ['version 1, IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 51413 443\r\n', V6],
    ['version 1, IPv4 within IPv6', 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:203.0.113.1 51413 443\r\n', V4],
    ['version 1, of the balancer itself', 'PROXY UNKNOWN\r\n', undefined],
    ['version 1, unknown with addresses', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', undefined],
    ['version 2, IPv4', binary(0x21, 0x11, TCP4), V4],
    ['version 2, IPv6', binary(0x21, 0x21, TCP6), V6],
    ['version 2, IPv4 within IPv6', binary(0x21, 0x21, MAPPED), V4],
    ['version 2, with further facts', binary(0x21, 0x11, Buffer.concat([TCP4, Buffer.alloc(100)])), V4],
    ['version 2, of the balancer itself', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['version 2, of the balancer itself, with addresses', binary(0x20, 0x11, TCP4), undefined],
  ] as const)('%s', ([, header, ends]) => {
    const bytes = Buffer.from(header as string, 'latin1');
    expect(readProxyHeader(bytes)).toEqual({ size: bytes.length, ends });
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('\x16\x03\x01')]))).toEqual({ size: bytes.length, ends });
    for (let i = 0; i < bytes.length; i++) expect(readProxyHeader(bytes.subarray(0, i))).toBe('more');
  });

  test.for([
    ['GET / HTTP/1.1\r\n'],
    ['\x16\x03\x01\x02\x00'],
    ['proxy TCP4 192.0.2.7 203.0.113.1 1 2\r\n'],
    ['PROXY TCP4 192.0.2.7 203.0.113.1 1\r\n'],
    ['PROXY TCP4 192.0.2.7 203.0.113.1 1 2 3\r\n'],
    ['PROXY TCP4 192.0.2.7  203.0.113.1 1 2\r\n'],
    ['PROXY TCP4 192.0.2.7 203.0.113.1 01 2\r\n'],
    ['PROXY TCP4 192.0.2.7 203.0.113.1 65536 2\r\n'],
    ['PROXY TCP4 192.0.2.7 203.0.113.1 -1 2\r\n'],
    ['PROXY TCP4 192.0.2.07 203.0.113.1 1 2\r\n'],
    ['PROXY TCP4 192.0.2 203.0.113.1 1 2\r\n'],
    ['PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n'],
    ['PROXY TCP6 192.0.2.7 203.0.113.1 1 2\r\n'],
    ['PROXY TCP6 2001:db8::1%eth0 2001:db8::2 1 2\r\n'],
    ['PROXY UDP4 192.0.2.7 203.0.113.1 1 2\r\n'],
    ['PROXY \r\n'],
    ['PROXY UNKNOWN\x00\r\n'],
    [`PROXY UNKNOWN ${'x'.repeat(120)}`],
    [`PROXY UNKNOWN ${'x'.repeat(120)}\r\n`],
    [binary(0x22, 0x11, TCP4)],
    [binary(0x11, 0x11, TCP4)],
    [binary(0x21, 0x12, TCP4)],
    [binary(0x21, 0x31, Buffer.alloc(216))],
    [binary(0x21, 0x00, Buffer.alloc(0))],
    [binary(0x21, 0x11, TCP4.subarray(0, 11))],
    [binary(0x21, 0x21, TCP4)],
    [binary(0x21, 0x11, TCP4, MAX_PROXY_HEADER_BYTES)],
  ] as const)('%j is none', ([header]) => {
    expect(readProxyHeader(Buffer.from(header as string, 'latin1'))).toBe('malformed');
  });

  test('is never waited for beyond its bound, and nothing throws', () => {
    const starts = fc.constantFrom(
      Buffer.alloc(0),
      SIGNATURE,
      Buffer.from('PROXY '),
      binary(0x21, 0x11, TCP4),
      binary(0x21, 0x21, TCP6),
    );
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 300 }), fc.nat(400), (start, noise, cut) => {
        const bytes = Buffer.concat([start, noise]);
        const whole = readProxyHeader(bytes);
        if (typeof whole === 'object') {
          expect(whole.size).toBeLessThanOrEqual(bytes.length);
          // A beginning says the same, or that there is more to come.
          const part = readProxyHeader(bytes.subarray(0, cut));
          if (cut >= whole.size) expect(part).toEqual(whole);
          else expect(part).toBe('more');
        }
        const filled = Buffer.concat([bytes, Buffer.alloc(MAX_PROXY_HEADER_BYTES, 'x')]);
        expect(readProxyHeader(filled)).not.toBe('more');
      }),
    );
  });
});
