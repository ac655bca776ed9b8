import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAuthority } from '../../src/http/authority.ts';

test.for([
  ['example.com', { host: 'example.com', port: undefined }],
  ['EXAMPLE.com:8443', { host: 'example.com', port: 8443 }],
  ['example.com.', { host: 'example.com', port: undefined }],
  ['localhost', { host: 'localhost', port: undefined }],
  ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
  ['[::1]:443', { host: '[::1]', port: 443 }],
  ['my_app.internal', { host: 'my_app.internal', port: undefined }],
  ['xn--bcher-kva.example', { host: 'xn--bcher-kva.example', port: undefined }],
] as const)('%s is read', ([text, expected]) => {
  const together = expected.port === undefined ? expected.host : `${expected.host}:${expected.port}`;
  expect(parseAuthority(text)).toEqual({ ...expected, text: together });
});

test.for([
  '',
  'a b',
  'user@example.com',
  'example.com:',
  'example.com:0',
  'example.com:65536',
  'example.com:8443:1',
  'example.com/x',
  'example.com?x',
  'example.com#x',
  'a,b',
  'a..b',
  '.example.com',
  '-',
  '[::1',
  '[::g]',
  '[127.0.0.1]',
  '::1',
  'ex%61mple.com',
  'exämple.com',
  'example.com\t',
  'a\\b',
  '*.example.com',
  `${'a'.repeat(300)}.com`,
])('%j is no authority', (text) => {
  expect(parseAuthority(text)).toBeUndefined();
});

test('what is read is printed back and read the same', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.domain(), fc.ipV4(), fc.string()),
      fc.option(fc.integer({ min: 1, max: 65535 })),
      (host, port) => {
        const text = port === null ? host : `${host}:${port}`;
        const read = parseAuthority(text);
        if (read === undefined) return;
        const printed = read.port === undefined ? read.host : `${read.host}:${read.port}`;
        expect(parseAuthority(printed)).toEqual(read);
      },
    ),
  );
});
