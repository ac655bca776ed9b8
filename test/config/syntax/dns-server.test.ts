import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDnsServer, parseDnsServer, parseResolver } from '../../../src/config/syntax/dns-server.ts';

test.for([
  ['192.0.2.1', '192.0.2.1:53'],
  ['192.0.2.1:5353', '192.0.2.1:5353'],
  ['2001:db8::1', '[2001:db8::1]:53'],
  ['[2001:db8::1]', '[2001:db8::1]:53'],
  ['[2001:db8::1]:5353', '[2001:db8::1]:5353'],
])('a resolver %s is %s', ([text, expected]) => {
  const parsed = parseResolver(text!);
  expect('value' in parsed && formatDnsServer(parsed.value)).toBe(expected);
});

test.for([
  ['ns1.example.com', 'ns1.example.com:53'],
  ['NS1.Example.com.:5353', 'ns1.example.com:5353'],
  ['localhost', 'localhost:53'],
])('a server %s is %s', ([text, expected]) => {
  const parsed = parseDnsServer(text!);
  expect('value' in parsed && formatDnsServer(parsed.value)).toBe(expected);
  expect(parseResolver(text!)).toHaveProperty('fault');
});

test.for([
  '',
  ':53',
  '192.0.2.1:0',
  '192.0.2.1:65536',
  '192.0.2.1:',
  '[::1',
  '[::1%eth0]:53',
  'fe80::1%eth0',
  'udp://192.0.2.1',
  'a b',
  '[1.2.3.4]:5',
  '300.1.1.1',
])('%j is neither', (text) => {
  expect(parseDnsServer(text)).toHaveProperty('fault');
  expect(parseResolver(text)).toHaveProperty('fault');
});

test('what is read is printed and read again as the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.domain()), fc.option(fc.nat(70_000)), (host, port) => {
      const parsed = parseDnsServer(port === null ? host : `${host}:${port}`);
      if ('value' in parsed) expect(parseDnsServer(formatDnsServer(parsed.value))).toEqual(parsed);
    }),
  );
});
