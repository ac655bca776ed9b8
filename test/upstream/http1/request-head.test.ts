// The head of a request: the exact bytes, with framing that is always ours, and everything that would
// become a second request or a second field at the backend refused.
import { describe, expect, test } from 'vitest';
import { Call } from '../../../src/upstream/call.ts';
import { writeRequestHead } from '../../../src/upstream/http1/request-head.ts';
import { TestSource } from './support.ts';

const GET = 'GET / HTTP/1.1\r\nhost: app.test\r\n';

describe('a head', () => {
  test('is request line, host, fields as given, and a blank line', () => {
    const call = new Call(
      'GET',
      '/a?b=%20c',
      'app.test:8080',
      ['accept', '*/*', 'x-empty', '', 'x-high', '\xe9\tx'],
      undefined,
    );
    expect(writeRequestHead(call, undefined)).toBe(
      'GET /a?b=%20c HTTP/1.1\r\nhost: app.test:8080\r\naccept: */*\r\nx-empty: \r\nx-high: \xe9\tx\r\n\r\n',
    );
  });

  test.for([
    ['GET', undefined, ''],
    ['HEAD', undefined, ''],
    ['DELETE', undefined, ''],
    ['OPTIONS', undefined, ''],
    ['POST', undefined, 'content-length: 0\r\n'],
    ['PUT', undefined, 'content-length: 0\r\n'],
    ['PATCH', undefined, 'content-length: 0\r\n'],
    ['POST', 5, 'content-length: 5\r\n'],
    ['GET', 0, 'content-length: 0\r\n'],
    ['GET', 5, 'content-length: 5\r\n'],
    ['DELETE', 5, 'content-length: 5\r\n'],
    ['OPTIONS', 5, 'content-length: 5\r\n'],
    ['POST', 'unknown', 'transfer-encoding: chunked\r\n'],
    ['GET', 'unknown', 'transfer-encoding: chunked\r\n'],
    ['DELETE', 'unknown', 'transfer-encoding: chunked\r\n'],
    ['TRACE', 'unknown', 'transfer-encoding: chunked\r\n'],
  ] as const)('of %s with a body of %s bytes frames it with %j', ([method, length, framing]) => {
    const body = length === undefined ? undefined : new TestSource(length === 'unknown' ? undefined : length);
    const call = new Call(method, '/', 'app.test', [], body);
    expect(writeRequestHead(call, undefined)).toBe(`${method} / HTTP/1.1\r\nhost: app.test\r\n${framing}\r\n`);
  });

  test('of OPTIONS * has the asterisk-form', () => {
    expect(writeRequestHead(new Call('OPTIONS', '*', 'app.test', [], undefined), undefined)).toMatch(
      /^OPTIONS \* HTTP/,
    );
  });

  test('names te in Connection', () => {
    const call = new Call('GET', '/', 'app.test', ['te', 'trailers'], undefined);
    expect(writeRequestHead(call, undefined)).toBe(`${GET}te: trailers\r\nconnection: te\r\n\r\n`);
  });

  test('asks to switch protocols', () => {
    const call = new Call('GET', '/', 'app.test', ['sec-websocket-key', 'k'], undefined);
    const head = writeRequestHead(call, 'websocket');
    expect(head).toBe(`${GET}sec-websocket-key: k\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`);
  });
});

describe('refused', () => {
  const INJECTED = 'x\r\nX-Injected: 1';

  test.for([
    ['a line end in the method', { method: INJECTED }],
    ['a space in the method', { method: 'GET /' }],
    ['an empty method', { method: '' }],
    ['CONNECT', { method: 'CONNECT' }],
    ['a line end in the path', { path: `/${INJECTED}` }],
    ['a bare LF in the path', { path: '/\n' }],
    ['a space in the path', { path: '/a b' }],
    ['NUL in the path', { path: '/\0' }],
    ['a byte above 0x7e in the path', { path: '/\xe9' }],
    ['a char that latin1 would make a line end of', { path: '/\u560a' }],
    ['a fragment', { path: '/#a' }],
    ['an empty path', { path: '' }],
    ['an absolute target', { path: 'http://other/' }],
    ['* for GET', { path: '*' }],
    ['a line end in the authority', { authority: INJECTED }],
    ['a space in the authority', { authority: 'a b' }],
    ['a path in the authority', { authority: 'a/b' }],
    ['userinfo in the authority', { authority: 'u@a' }],
    ['a list of authorities', { authority: 'a,b' }],
    ['an empty authority', { authority: '' }],
    ['a line end in a name', { headers: [INJECTED, '1'] }],
    ['a colon in a name', { headers: ['x:', '1'] }],
    ['a space in a name', { headers: ['x ', '1'] }],
    ['an empty name', { headers: ['', '1'] }],
    ['a capital in a name', { headers: ['Content-Length', '1'] }],
    ['a line end in a value', { headers: ['x', INJECTED] }],
    ['a bare CR in a value', { headers: ['x', 'a\rb'] }],
    ['NUL in a value', { headers: ['x', '\0'] }],
    ['a control in a value', { headers: ['x', '\x1b'] }],
    ['DEL in a value', { headers: ['x', '\x7f'] }],
    ['a char above 0xff in a value', { headers: ['x', '\u010d\u010a'] }],
    ['a name without a value', { headers: ['x'] }],
    ...[
      'host',
      'content-length',
      'transfer-encoding',
      'connection',
      'keep-alive',
      'upgrade',
      'proxy-connection',
      'http2-settings',
    ].map((name): [string, Fields] => [`a second ${name}`, { headers: [name, '1'] }]),
    ['a length below zero', { length: -1 }],
    ['a length that is no whole number', { length: 1.5 }],
    ['a length beyond 2^53-1', { length: 2 ** 53 }],
    ['an upgrade with a body', { length: 1, protocol: 'websocket' }],
    ['an upgrade to a malformed protocol', { protocol: 'web socket' }],
    ['an upgrade to nothing', { protocol: '' }],
  ] as [string, Fields][])('%s', ([, fields]) => {
    const { method = 'GET', path = '/', authority = 'app.test', headers = [], length, protocol } = fields;
    const body = length === undefined ? undefined : new TestSource(length);
    expect(() => writeRequestHead(new Call(method, path, authority, headers, body), protocol)).toThrow(
      expect.objectContaining({ code: 'bad_request', side: 'client', status: 400, retry: false }),
    );
  });
});

interface Fields {
  method?: string;
  path?: string;
  authority?: string;
  headers?: string[];
  length?: number;
  protocol?: string;
}
