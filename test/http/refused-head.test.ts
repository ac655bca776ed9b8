import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRefusedHead } from '../../src/http/refused-head.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('the request line of a refused head', () => {
  test.for([
    ['GET / HTTP/1.1', 'GET', '/', 'HTTP/1.1'],
    ['REALLYLONGUNREALMETHOD /x HTTP/1.1', 'REALLYLONGUNREALMETHOD', '/x', 'HTTP/1.1'],
    ['G\x00T / HTTP/1.1', 'G\x00T', '/', 'HTTP/1.1'],
    ['GET / HTTP/4.0', 'GET', '/', 'HTTP/4.0'],
    ['GET / JUNK/1.0', 'GET', '/', 'JUNK/1.0'],
    ['GET / 1.1', 'GET', '/', '1.1'],
    ['GET / HTTP/', 'GET', '/', 'HTTP/'],
    ['GET / http/1.1', 'GET', '/', 'http/1.1'],
    ['GET /index.html', 'GET', '/index.html', ''],
    ['GET /a b c HTTP/1.1', 'GET', '/a b c', 'HTTP/1.1'],
    ['GET /a and/or', 'GET', '/a and/or', ''],
    ['GET /a 5', 'GET', '/a 5', ''],
    ['GET /caf\xe9?\xff\x01 HTTP/1.1', 'GET', '/caf\xe9?\xff\x01', 'HTTP/1.1'],
    ['GET\t/\tHTTP/1.1', 'GET', '/', 'HTTP/1.1'],
    ['  GET   /   HTTP/1.1  ', 'GET', '/', 'HTTP/1.1'],
    ['GET  HTTP/1.1', 'GET', 'HTTP/1.1', ''],
    ['GET', 'GET', '', ''],
    ['hi=test', 'hi=test', '', ''],
    ['CONNECT www.example.com HTTP/1.1', 'CONNECT', 'www.example.com', 'HTTP/1.1'],
  ] as const)('%s', ([line, method, target, protocol]) => {
    const head = { method, target, protocol, headers: [], line };
    expect(readRefusedHead(bytes(`${line}\r\n\r\n`))).toEqual(head);
    expect(readRefusedHead(bytes(`${line}\n\n`))).toEqual(head);
    expect(readRefusedHead(bytes(`\r\n\n${line}`))).toEqual(head);
  });

  test('of a TLS handshake on a plain port is what comes up to the first line end', () => {
    expect(readRefusedHead(bytes('\x16\x03\x01\x02\x00\x01'))).toMatchObject({
      method: '\x16\x03\x01\x02\x00\x01',
      target: '',
    });
  });

  test('is missing where there are only line ends', () => {
    for (const text of ['', '\r\n', '\n\n\r']) expect(readRefusedHead(bytes(text))).toBeUndefined();
  });
});

describe('the fields of a refused head', () => {
  const fields = (text: string): readonly string[] | undefined =>
    readRefusedHead(bytes(`GET / HTTP/1.1\r\n${text}`))?.headers;

  test.for([
    [
      'in order, repeated ones too, in their own case',
      'Host: a\r\nHOST: b\r\nX_y.z: 1\r\n\r\n',
      ['Host', 'a', 'HOST', 'b', 'X_y.z', '1'],
    ],
    ['with bare LF', 'Host: a\nAccept: */*\n\nbody: no', ['Host', 'a', 'Accept', '*/*']],
    ['up to the end where the empty line is missing', 'Host: a\r\nAcc', ['Host', 'a', 'Acc', '']],
    ['folded', 'A: 1\r\n 2\r\n\t 3 \r\nB: 4\r\n\r\n', ['A', '1 2 3', 'B', '4']],
    ['folded from nothing', 'A:\r\n\r\n 2', ['A', '']],
    ['folded before any field', ' A: 1\r\nB: 2\r\n\r\n', ['A', '1', 'B', '2']],
    ['with a blank before the colon', 'Host : a\r\n\r\n', ['Host', 'a']],
    ['without a colon', 'nonsense\r\n\r\n', ['nonsense', '']],
    ['without a name', ': x\r\n\r\n', ['', 'x']],
    ['with names no token allows', 'a(b)\x00\xff: x\r\n\r\n', ['a(b)\x00\xff', 'x']],
    ['with bare CR and raw bytes in a value', 'A: x\ry\x00\xe9\r\n\r\n', ['A', 'x\ry\x00\xe9']],
    ['with colons in the value', 'A: b:c:d\r\n\r\n', ['A', 'b:c:d']],
  ] as const)('%s', ([, text, expected]) => {
    expect(fields(text)).toEqual(expected);
  });

  test('are at most 200, and the head at most 64 KiB', () => {
    expect(fields('A: 1\r\n'.repeat(1000))).toHaveLength(400);
    const [, value] = fields(`A: ${'x'.repeat(100_000)}`) ?? [];
    expect(value).toHaveLength(65_536 - 'GET / HTTP/1.1\r\nA: '.length);
  });

  test('a value folded thousands of times is read whole', () => {
    const [, value] = fields(`A: 0\n${' x\n'.repeat(20_000)}`) ?? [];
    expect(value).toBe(`0${' x'.repeat(20_000)}`);
  });
});

describe('whatever the bytes are', () => {
  test('reading never throws, and invents nothing', () => {
    const alphabet = fc.constantFrom(...Buffer.from('GET /:\r\n\t HTTP1.aA\x00\xff', 'latin1'));
    const noise = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.array(alphabet, { maxLength: 300 }));
    fc.assert(
      fc.property(noise, (data) => {
        const raw = Buffer.from(data);
        const head = readRefusedHead(raw);
        const text = raw.toString('latin1');
        if (head === undefined) return /^[\r\n]*$/.test(text);
        const parts = [head.method, head.target, head.protocol, head.line];
        return parts.every((part) => text.includes(part)) && head.headers.length % 2 === 0;
      }),
    );
  });

  test('a well-formed head is read as it was written', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
    const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[ -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
    const target = fc.stringMatching(/^\/[!-~\x80-\xff]{0,30}$/);
    const field = fc.tuple(token, value);
    fc.assert(
      fc.property(token, target, fc.array(field, { maxLength: 10 }), (method, path, list) => {
        const line = `${method} ${path} HTTP/1.1`;
        const written = [line, ...list.map(([name, text]) => `${name}: ${text}`), '', ''].join('\r\n');
        expect(readRefusedHead(bytes(written))).toEqual({
          method,
          target: path,
          protocol: 'HTTP/1.1',
          headers: list.flat(),
          line,
        });
      }),
    );
  });
});
