import { describe, expect, test } from 'vitest';
import type { Sent } from '../engine/support.ts';
import { fileOf, found, native, send } from './support.ts';

const JSON_TYPE = ['host', 'a.example', 'content-type', 'application/json'];
const MULTIPART = ['host', 'a.example', 'content-type', 'multipart/form-data; boundary=b'];

function json(body: unknown): Sent {
  return { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) };
}

/** What looks like a document: lines, and many different words. */
const TEXT = 'one two three\nfour five six\nseven eight nine\nten eleven twelve thirteen fourteen';

describe('a field', () => {
  const upload: Sent = {
    method: 'POST',
    headers: MULTIPART,
    body: '--b\r\nContent-Disposition: form-data; name="f"; filename="evil"\r\nX-A: evil\r\n\r\nevil\r\n--b--\r\n',
  };

  test.for<readonly [string, Sent | string, string[]]>([
    ['args', '/?a=evil', ['1 ARGS:a']],
    ['args.a', '/?a=evil&b=evil', ['1 ARGS:a']],
    ['args', json({ a: { b: 'evil' } }), ['1 ARGS:json.a.b']],
    ['json./a/0/b', json({ a: [{ b: 'evil' }, { b: 'evil' }] }), ['1 ARGS_POST:json.a.array_0.b']],
    ['json./a/*/b', json({ a: [{ c: 'evil' }, { b: 'evil' }] }), ['1 ARGS_POST:json.a.array_1.b']],
    ['json./*', json({ a: { b: 'evil' } }), ['1 ARGS_POST:json.a.b']],
    ['args.x*', '/?a=evil&xy=evil', ['1 ARGS:xy']],
    ['names', '/?evil=1', ['1 ARGS_NAMES:evil']],
    ['cookies', { headers: ['cookie', 'a=evil'] }, ['1 REQUEST_COOKIES:a']],
    ['headers', { headers: ['cookie', 'a=evil'] }, []],
    ['headers', { headers: ['x-a', 'evil'] }, ['1 REQUEST_HEADERS:x-a']],
    ['headers.x-b', { headers: ['x-a', 'evil'] }, []],
    ['headers.names', { headers: ['evil', '1'] }, ['1 REQUEST_HEADERS_NAMES:evil']],
    ['path', '/a/evil?b', ['1 REQUEST_FILENAME']],
    ['segments', '/a/%65vil', ['1 PATH_SEGMENTS']],
    ['url', '/a?evil', ['1 REQUEST_URI_RAW']],
    ['query', '/evil?b', []],
    ['method', { method: 'EVIL' }, ['1 REQUEST_METHOD']],
    ['body', { method: 'POST', headers: ['content-type', 'text/plain'], body: 'evil' }, ['1 RAW_BODY']],
    ['body', json({ a: 'evil' }), ['1 RAW_BODY']],
    ['body', upload, ['1 RAW_BODY']],
    ['body', { method: 'POST', body: 'a=%65vil&b=evil' }, ['1 RAW_BODY']],
    ['body', '/?evil', []],
    ['body.rest', { method: 'POST', headers: ['content-type', 'text/plain'], body: 'evil' }, ['1 UNPARSED_BODY']],
    ['body.rest', json({ a: 'evil' }), []],
    ['xml', { method: 'POST', headers: ['content-type', 'text/xml'], body: '<a b="evil"/>' }, ['1 XML://@*']],
    ['files.name', upload, ['1 MULTIPART_FILENAME:evil']],
    ['files.content', upload, ['1 FILES_TMP_CONTENT:f']],
    ['parts', upload, ['1 MULTIPART_PART_HEADERS:f']],
    ['response.headers.x-a', { response: { headers: ['x-a', 'evil'] } }, ['1 RESPONSE_HEADERS:x-a']],
    ['response.body', { response: { body: 'evil' } }, ['1 RESPONSE_BODY']],
  ])('%s', ([field, sent, expected]) => {
    expect(found(fileOf(`inspect: ['${field}'], match: { pattern: evil }`), sent)).toEqual(expected);
  });

  test('that is excepted is not looked at', () => {
    const rule = fileOf('inspect: [args, headers], except: [args.a, headers.x-a], match: { pattern: evil }');
    expect(found(rule, { target: '/?a=evil&b=evil', headers: ['x-a', 'evil'] })).toEqual(['1 ARGS:b']);
  });

  test('can be counted', () => {
    const rule = fileOf("inspect: ['#args'], match: { number: { atLeast: 3 } }");
    expect([found(rule, '/?a&b'), found(rule, '/?a&b&c')]).toEqual([[], ['1 &ARGS']]);
  });
});

describe('a condition', () => {
  test.for<readonly [string, string, readonly string[], readonly string[]]>([
    ['pattern', "{ pattern: 'a+b' }", ['xAABx'], ['ac']],
    ['casePattern', "{ casePattern: 'a+b' }", ['aab'], ['AAB']],
    ['phrases', '{ phrases: [one, two] }', ['a TWO b'], ['three']],
    ['contains', '{ contains: b }', ['abc'], ['aBc']],
    ['equals', '{ equals: [one, two] }', ['two'], ['twox']],
    ['startsWith', '{ startsWith: ab }', ['abc'], ['cab']],
    ['endsWith', '{ endsWith: ab }', ['cab'], ['abc']],
    ['sqli', '{ sqli: true }', ["1' or '1'='1"], ['one']],
    ['not sqli', '{ sqli: false }', ['one'], ["1' or '1'='1"]],
    ['xss', '{ xss: true }', ['<script>'], ['one']],
    ['length', '{ length: { atLeast: 3, atMost: 4 } }', ['abc', 'abcd'], ['ab', 'abcde']],
    ['number', '{ number: { atLeast: 3, atMost: 4 } }', ['3', '4'], ['2', '5']],
    ['ip', "{ ip: ['10.0.0.0/8'] }", ['10.1.2.3'], ['11.1.2.3']],
    ['count', "{ count: { pattern: 'ab', atLeast: 3 } }", ['ab-ab-AB'], ['ab-ab-a']],
    ['two in one map', '{ contains: a, length: { atMost: 2 } }', ['ab'], ['abc', 'bc']],
    ['all', '{ all: [{ pattern: a }, { pattern: b }] }', ['ba'], ['a', 'b']],
    [
      'any',
      '{ any: [{ pattern: a+x }, { contains: b }, { phrases: [cc] }] }',
      ['aax', 'b', 'CC'],
      ['ax'.slice(1), 'c'],
    ],
    ['not', '{ not: { pattern: a } }', ['b'], ['a']],
    [
      'not within all',
      '{ all: [{ pattern: a }, { not: { any: [{ pattern: b }, { contains: c }] } }] }',
      ['a'],
      ['ab', 'ac'],
    ],
    ['looks', '{ looks: document }', [TEXT], ['x', 'x'.repeat(600), `x\n${'\ny'.repeat(9)}`]],
  ])('%s', ([, condition, matching, others]) => {
    const engine = native(fileOf(`match: ${condition}`));
    const finds = (value: string): boolean => send(engine, `/?a=${encodeURIComponent(value)}`).findings.length > 0;
    expect([...matching, ...others].map((value) => [value, finds(value)])).toEqual([
      ...matching.map((value) => [value, true]),
      ...others.map((value) => [value, false]),
    ]);
  });

  test('may use pieces by name', () => {
    const text = `patterns: { one: 'a|b', two: '{{one}}+c' }\n${fileOf("match: { pattern: '^{{two}}$' }")}`;
    expect([found(text, '/?x=abac'), found(text, '/?x=a')]).toEqual([['1 ARGS:x'], []]);
  });

  test('sees what each decoder makes of the value, and the value as it came', () => {
    const rules = ['^&lt;%41', '^<%41', '^<A', '^<B'].map(
      (pattern) => `decode: [html, url], match: { pattern: '${pattern}' }`,
    );
    expect(found(fileOf(...rules), '/?x=%26lt;%2541')).toEqual(['1 ARGS:x', '2 ARGS:x', '3 ARGS:x']);
  });

  describe('with an excuse', () => {
    const rule = fileOf('unless: [document], decode: [whitespace], match: { pattern: "a b" }');
    const text = encodeURIComponent(`a\nb\n${TEXT}`);
    const finds = (sent: Sent | string, paranoia = 1): boolean =>
      send(native(rule, { paranoia }), sent).findings.length > 0;
    const form = (value: string): Sent => ({
      method: 'POST',
      headers: ['content-type', 'application/x-www-form-urlencoded'],
      body: `x=${value}`,
    });

    test('holds for nothing that the value before decoding excuses', () => {
      expect([finds(form('a%0Ab')), finds(form(text))]).toEqual([true, false]);
    });

    test('holds for every value that stands in no body', () => {
      expect(finds(`/?x=${text}`)).toBe(true);
    });

    test('excuses nothing at a higher paranoia', () => {
      expect(finds(form(text), 2)).toBe(true);
    });
  });

  test('sees the members of JSON under the type of a form', () => {
    const headers = ['content-type', 'application/x-www-form-urlencoded'];
    const sent = { method: 'POST', headers, body: '{"q":"a=b&c"}' };
    expect(found(fileOf("match: { pattern: '^a=b&c$' }"), sent)).toEqual(['1 INNER_ARGS:json.q']);
  });

  test('sees XML under the type of a form as a whole', () => {
    const headers = ['content-type', 'application/x-www-form-urlencoded'];
    const sent = { method: 'POST', headers, body: '<a>&#101;vil</a>' };
    expect(found(fileOf('inspect: [body.rest], decode: [html], match: { pattern: evil }'), sent)).toEqual([
      '1 UNPARSED_BODY',
    ]);
    expect(found(fileOf('inspect: [body.rest], match: { pattern: evil }'), { ...sent, body: 'a=<evil>' })).toEqual([]);
  });

  test('sees the odd lines of a text as values of their own, but not those of code', () => {
    const rule = fileOf("match: { pattern: '^<a>$' }");
    const ofLines = (...lines: string[]): string[] => found(rule, `/?x=${encodeURIComponent(lines.join('\n'))}`);
    expect([
      ofLines('one', 'two', 'three', '  <a>', 'four'),
      ofLines('one', '<a>', 'two'),
      ofLines('one', 'two', '```', '<a>', '```', 'three'),
      ofLines('one', '<b>', '<a>', 'f(x)', 'two'),
    ]).toEqual([['1 INNER_ARGS:x'], [], [], []]);
  });
});

describe('the score', () => {
  const rules = fileOf(
    'match: { contains: a }, severity: warning',
    'match: { contains: b }, severity: notice',
    'match: { contains: c }, paranoia: 2',
  );

  test('blocks when the rules together reach the threshold, each counted once', () => {
    const engine = native(rules);
    expect(
      ['/?x=a&y=a', '/?x=ab', '/?x=c']
        .map((target) => send(engine, target))
        .map(({ score, intervention }) => [score.inbound, intervention?.status]),
    ).toEqual([
      [3, undefined],
      [5, 403],
      [0, undefined],
    ]);
  });

  test('counts higher levels where they are on, and only writes them down where they are for detection', () => {
    const strict = send(native(rules, { paranoia: 2, detectionParanoia: 2 }), '/?x=c');
    expect([strict.score.inbound, strict.intervention?.rule.id]).toEqual([5, 40_010]);
    const watching = send(native(rules, { detectionParanoia: 2 }), '/?x=c');
    expect([watching.score.inbound, watching.intervention, watching.findings.map(({ rule }) => rule.id)]).toEqual([
      0,
      undefined,
      [3],
    ]);
  });

  test('is one with what SecLang rules add', () => {
    const secLang = 'SecRule ARGS "@contains z" "id:900,phase:2,pass,log,setvar:tx.inbound_anomaly_score_pl1=+3"\n';
    const outcome = send(native(rules, {}, secLang), '/?x=bz');
    expect([outcome.score.inbound, outcome.intervention?.status]).toEqual([5, 403]);
  });

  test('of an answer blocks the answer', () => {
    const engine = native(fileOf('inspect: [response.body], match: { contains: oops }, severity: error'));
    const outcome = send(engine, { response: { body: 'oops' } });
    expect([outcome.score, outcome.intervention?.rule.id]).toEqual([{ inbound: 0, outbound: 4 }, 40_020]);
  });

  test.for(['log', 'shadow'])('is left alone by a rule of mode %s', (mode) => {
    const { score, findings } = send(native(fileOf(`match: { contains: a }, mode: ${mode}`)), '/?x=a');
    expect([score.inbound, findings.map(({ rule }) => [rule.id, rule.tags.includes('mode/shadow')])]).toEqual([
      0,
      [[1, mode === 'shadow']],
    ]);
  });
});

test('a rule can ask for several values', () => {
  const rule = fileOf('atLeast: 2, match: { contains: a }');
  expect([send(native(rule), '/?x=a&y=b').score.inbound, send(native(rule), '/?x=a&y=a').score.inbound]).toEqual([
    0, 5,
  ]);
});

test('a message tells what was found, where, and what groups of the pattern caught', () => {
  const rule = fileOf(
    "match: { pattern: 'x(\\\\d+)' }, message: '{1} in {field}, {match} of {value}'".replaceAll('\\\\', '\\'),
  );
  expect(send(native(rule), '/?a=ax12b').findings[0]?.msg).toBe('12 in ARGS:a, x12 of ax12b');
});
