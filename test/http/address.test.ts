import { describe, expect, test } from 'vitest';
import { ipSet, plainAddress } from '../../src/base/ip.ts';
import { clientAddress } from '../../src/http/address.ts';

const trusted = ipSet(['10.0.0.0/8', '::1', '2001:db8::/32']);

describe('the client of a request', () => {
  test.for([
    ['an unknown peer is not believed', '203.0.113.9', ['x-forwarded-for', '1.2.3.4'], '203.0.113.9'],
    ['a trusted peer is', '10.0.0.1', ['x-forwarded-for', '1.2.3.4'], '1.2.3.4'],
    [
      'what the client wrote itself stands further left',
      '10.0.0.1',
      ['x-forwarded-for', '6.6.6.6, 1.2.3.4'],
      '1.2.3.4',
    ],
    ['trusted hops are passed over', '10.0.0.1', ['x-forwarded-for', '1.2.3.4, 10.9.9.9'], '1.2.3.4'],
    ['fields are joined in order', '10.0.0.1', ['x-forwarded-for', '6.6.6.6', 'x-forwarded-for', '1.2.3.4'], '1.2.3.4'],
    ['all hops trusted: the first one', '10.0.0.1', ['x-forwarded-for', '10.3.3.3, 10.2.2.2'], '10.3.3.3'],
    ['no field: the peer', '10.0.0.1', [], '10.0.0.1'],
    ['a hop that is no address ends the walk', '10.0.0.1', ['x-forwarded-for', '1.2.3.4, unknown'], '10.0.0.1'],
    ['rubbish is no address', '10.0.0.1', ['x-forwarded-for', '<script>'], '10.0.0.1'],
    ['a port is taken off', '10.0.0.1', ['x-forwarded-for', '1.2.3.4:5555'], '1.2.3.4'],
    ['IPv6 with and without brackets', '::1', ['x-forwarded-for', '[2a00::1]:80'], '2a00::1'],
    ['Forwarded is read too', '10.0.0.1', ['forwarded', 'for="[2a00::7]:1";proto=https, for=10.1.1.1'], '2a00::7'],
    [
      'X-Forwarded-For wins over Forwarded',
      '10.0.0.1',
      ['forwarded', 'for=6.6.6.6', 'x-forwarded-for', '1.2.3.4'],
      '1.2.3.4',
    ],
    ['mapped IPv4', '10.0.0.1', ['x-forwarded-for', '::ffff:1.2.3.4'], '1.2.3.4'],
  ] as const)('%s', ([, peer, headers, client]) => {
    expect(clientAddress(peer, headers, trusted)).toBe(client);
  });
});

test.for([
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:203.0.113.9', '203.0.113.9'],
  ['::ffff:cb00:7109', '203.0.113.9'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '::1'],
  [undefined, ''],
] as const)('the plain form of %s is %s', ([address, plain]) => {
  expect(plainAddress(address)).toBe(plain);
});
