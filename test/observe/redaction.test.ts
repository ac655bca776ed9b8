import { describe, expect, test } from 'vitest';
import { type AuditSource, Redaction } from '../../src/observe/redaction.ts';

const NAMES = ['authorization', 'cookie', 'set-cookie', 'token'];
const redaction = new Redaction(NAMES, ['request-headers', 'request-body', 'response-headers']);
/** An exchange of which nothing else is known. */
const SILENT = {
  request: { method: 'GET', target: '/', headers: [] },
  requestBody: Buffer.alloc(0),
  responseHeaders: [],
} as const;
const nothing = redaction.of(SILENT);

function having(headers: readonly string[]): AuditSource {
  return { ...SILENT, request: { ...SILENT.request, headers } };
}

function shown(value: string, headers: readonly string[] = []): string {
  const texts = { target: 'ARGS:a', value, matched: '', msg: '', data: '', raw: '', fields: [] };
  return redaction.of(having(headers)).finding(texts, '').value;
}

describe('a finding', () => {
  test('is shown as it is when nothing in it is secret', () => {
    const texts = {
      target: 'ARGS:a',
      value: 'v 1',
      matched: 'v',
      msg: 'm v',
      data: 'd',
      raw: 'v%201',
      fields: ['ARGS:a'],
    };
    expect(nothing.finding(texts, 'template')).toEqual(texts);
  });

  test('has texts cut behind 512 characters', () => {
    expect(shown('x'.repeat(512))).toBe('x'.repeat(512));
    expect(shown('x'.repeat(513))).toBe(`${'x'.repeat(512)}…`);
    expect(shown('x'.repeat(1_000_000))).toBe(`${'x'.repeat(512)}…`);
  });

  test('has names of fields cut behind 256 characters', () => {
    const target = `ARGS:${'n'.repeat(1_000)}`;
    const texts = { target, value: 'v', matched: '', msg: '', data: '', raw: '', fields: [target] };
    const cut = `${target.slice(0, 256)}…`;
    expect(nothing.finding(texts, '')).toMatchObject({ target: cut, fields: [cut], value: 'v' });
  });

  test('on a name that nobody can have meant shows nothing of its value', () => {
    const target = `ARGS:${'n'.repeat(5_000)}`;
    const texts = { target, value: 'v', matched: '', msg: '', data: '', raw: '', fields: [] };
    expect(nothing.finding(texts, '').value).toBe('[redacted]');
  });

  test.for([
    'REQUEST_HEADERS:Authorization',
    'REQUEST_HEADERS:cookie',
    'RESPONSE_HEADERS:Set-Cookie',
    'REQUEST_COOKIES:sid',
    'ARGS:token',
    'ARGS_POST:json.user.token',
    'ARGS:user[token]',
    'ARGS:Token',
    'ARGS:password',
    'ARGS:json.newPassword',
    'REQUEST_HEADERS:Proxy-Authorization',
  ])('on %s shows nothing of its value, and its message as the rule has it', (target) => {
    const texts = {
      target,
      value: 'secret',
      matched: 'secret',
      msg: 'found cret',
      data: 'saw SECRET',
      raw: 'secret',
      fields: [target],
    };
    expect(nothing.finding(texts, 'found %{TX.1}')).toEqual({
      target,
      value: '[redacted]',
      matched: '[redacted]',
      msg: 'found %{TX.1}',
      raw: '[redacted]',
      fields: [target],
      data: '[redacted]',
    });
  });

  test.for(['REQUEST_COOKIES_NAMES:sid', 'ARGS:tokens', 'ARGS:a', 'REQUEST_URI', 'REQUEST_HEADERS:user-agent'])(
    'on %s shows its value',
    (target) => {
      const texts = { target, value: 'plain', matched: 'p', msg: '', data: '', raw: '', fields: [] };
      expect(nothing.finding(texts, '').value).toBe('plain');
    },
  );

  test('hides every cookie one by one when only some are named', () => {
    const some = new Redaction(['sid'], []);
    const value = (target: string): string =>
      some.of(SILENT).finding({ target, value: 'x', matched: '', msg: '', data: '', raw: '', fields: [] }, '').value;
    expect([value('REQUEST_COOKIES:sid'), value('REQUEST_COOKIES:lang')]).toEqual(['[redacted]', 'x']);
  });
});

describe('a text that quotes a secret of the exchange', () => {
  const headers = [
    'authorization',
    'Basic Zm9vOmJhcg==',
    'cookie',
    'a=first-one; sid="quoted"; b=xy',
    'host',
    'app.test',
  ];

  test.for([
    ['saw Basic Zm9vOmJhcg==!', 'saw [redacted]!'],
    ['saw Zm9vOmJhcg==', 'saw [redacted]'],
    ['saw zm9vomjhcg==', 'saw [redacted]'],
    ['first-one, FIRST-ONE and quoted', '[redacted], [redacted] and [redacted]'],
    ['a=first-one; sid="quoted"; b=xy', '[redacted]'],
    ['xy is too short to be one, app.test is no secret', 'xy is too short to be one, app.test is no secret'],
  ])('%j is shown as %j', ([text = '', expected]) => {
    expect(shown(text, headers)).toBe(expected);
  });

  test('hides it where the text is cut too', () => {
    const secret = 'S'.repeat(100);
    for (let before = 380; before < 2100; before += 7) {
      expect(shown(`${'x'.repeat(before)}${secret}${'y'.repeat(5000)}`, ['token', secret])).not.toContain('SSSS');
    }
  });
});

describe('a text with a named value in it', () => {
  test.for([
    ['token=abc&x=1', 'token=[redacted]&x=1'],
    ['/p?x=1&TOKEN=abc', '/p?x=1&TOKEN=[redacted]'],
    ['a=1; token=abc; b=2', 'a=1; token=[redacted]; b=2'],
    ['Authorization: Bearer abc def\r\nHost: a', 'Authorization: [redacted]\r\nHost: a'],
    ['x\r\ncookie: a=1; b=2\r\n\r\n', 'x\r\ncookie: [redacted]\r\n\r\n'],
    ['{"token":"a\\"b c","x":1}', '{"token":"[redacted]","x":1}'],
    ['{"token" : 1234, "x":1}', '{"token" : "[redacted]", "x":1}'],
    ['name="token"\r\n\r\nabc def\r\n--b', 'name="token"\r\n\r\n[redacted]\r\n--b'],
    ['a=1&newPassword=abc', 'a=1&newPassword=[redacted]'],
    ['<a password="abc">', '<a password="[redacted]">'],
    ['{"password":{"old":"abc","new":["d"]},"x":1}', '{"password":{"old":"[redacted]","new":["[redacted]"]},"x":1}'],
    ['user%5Btoken%5D=abc&x=1', 'user%5Btoken%5D=[redacted]&x=1'],
    ['a=1&to%6ben=abc', 'a=1&to%6ben=[redacted]'],
    ['%zztoken=abc', '%zztoken=abc'],
    ['https://a/cb#token=abc&x=1', 'https://a/cb#token=[redacted]&x=1'],
    [
      'name="token"\r\nContent-Type: text/plain\r\n\r\nabc\r\n--b',
      'name="token"\r\nContent-Type: text/plain\r\n\r\n[redacted]\r\n--b',
    ],
    ['name="a"\r\n\r\nname="token"\r\n\r\nabc\r\n--b', 'name="a"\r\n\r\nname="token"\r\n\r\n[redacted]\r\n--b'],
    ['mytoken=abc', 'mytoken=abc'],
    ['token', 'token'],
  ])('%j is shown as %j', ([text = '', expected]) => {
    expect(shown(text)).toBe(expected);
  });

  test('is not hidden when no name is given', () => {
    const open = new Redaction([], []);
    const texts = {
      target: 'REQUEST_HEADERS:cookie',
      value: 'token=abc',
      matched: '',
      msg: '',
      data: '',
      raw: '',
      fields: [],
    };
    expect(open.of(having(['cookie', 'token=abc'])).finding(texts, '').value).toBe('token=abc');
  });

  test('is hidden also when the name has signs that mean something in a pattern', () => {
    const odd = new Redaction(['a.b*', 'x-y'], []);
    const texts = {
      target: 'ARGS:q',
      value: 'a.b*=1&x-y=2&aabb=3',
      matched: '',
      msg: '',
      data: '',
      raw: '',
      fields: [],
    };
    expect(odd.of(SILENT).finding(texts, '').value).toBe('a.b*=[redacted]&x-y=[redacted]&aabb=3');
  });
});

describe('parts of an exchange', () => {
  const x = {
    request: {
      method: 'POST',
      target: '/p?token=abc',
      headers: ['host', 'a', 'cookie', 'k=v-secret', 'x-note', 'v-secret'],
    },
  };
  const source = {
    ...x,
    requestBody: Buffer.from('note=v-secret&n=1'),
    responseHeaders: ['set-cookie', 'q', 'x-app', '1'],
  };

  test('are shown as asked for, without secrets', () => {
    expect(redaction.of(source).audit()).toEqual({
      request: {
        line: 'POST /p?token=[redacted]',
        headers: ['host: a', 'cookie: [redacted]', 'x-note: [redacted]'],
        body: 'note=[redacted]&n=1',
      },
      response: { headers: ['set-cookie: [redacted]', 'x-app: 1'] },
    });
  });

  test('are none when none is asked for', () => {
    expect(new Redaction(NAMES, []).of(source).audit()).toEqual({});
  });

  test('have bodies cut', () => {
    const requestBody = Buffer.alloc(1_000_000, 'x');
    const { request } = redaction.of({ ...source, requestBody }).audit() as { request: { body: string } };
    expect(request.body).toBe(`${'x'.repeat(4096)}…`);
  });
});
