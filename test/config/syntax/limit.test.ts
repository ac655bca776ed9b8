import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseHostPort } from '../../../src/config/syntax/address.ts';
import { parseLimitKey, parseLimitName } from '../../../src/config/syntax/limit.ts';

test.for([
  ['client.ip', { by: 'client.ip' }],
  ['site', { by: 'site' }],
  ['path', { by: 'path' }],
  ['header:X-Api-Key', { by: 'header', name: 'x-api-key' }],
  ['cookie:Session', { by: 'cookie', name: 'Session' }],
  ['jwt:sub', { by: 'jwt', name: 'sub' }],
] as const)('%s is a key', ([text, key]) => {
  expect(parseLimitKey(text)).toEqual({ value: key });
});

test.for(['', 'ip', 'header', 'header:', 'header:a b', 'cookie:a;b', 'CLIENT.IP', 'jwt:a:b'])('%j is none', (text) => {
  expect(parseLimitKey(text)).toHaveProperty('fault');
});

test('a name can stand in quotes in a field, and nothing is read that is no name', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w.-]{0,70}$/)), (text) => {
      const parsed = parseLimitName(text);
      if ('value' in parsed) expect(parsed.value).toMatch(/^[\w.-]{1,64}$/);
      parseLimitKey(text);
    }),
  );
});

test('an address to connect to has a host and a port', () => {
  expect(parseHostPort('10.0.0.9:26379')).toEqual({ value: { host: '10.0.0.9', port: 26379 } });
  expect(parseHostPort('[2001:db8::9]:1')).toEqual({ value: { host: '2001:db8::9', port: 1 } });
  for (const text of [':80', '80', 'a:0', 'a', '']) expect(parseHostPort(text)).toHaveProperty('fault');
  fc.assert(fc.property(fc.string(), (text) => void parseHostPort(text)));
});
