import { describe, expect, test } from 'vitest';
import { readAnswer } from './answer.ts';
import { faults } from './check.ts';
import { logLine } from './log-lines.ts';
import { joinRecords } from './records.ts';
import type { Fields } from './suite.ts';
import { readExpectation } from './suite.ts';

const rule = {
  id: 920100,
  file: 'a.conf',
  line: 3,
  msg: 'Bad line',
  severity: 'WARNING',
  tags: ['x', 'y'],
  target: 'ARGS:a',
  value: '1\r\n2',
  data: 'Matched Data: 1 found within ARGS:a: 1',
};
const answer = {
  status: 200,
  headers: [],
  raw: Buffer.from('HTTP/1.1 200 OK\r\n\r\nhé').toString('latin1'),
  isComplete: true,
} as const;

test('a rule is written as ModSecurity logs it, on one line', () => {
  expect(logLine(rule)).toBe(
    'ModSecurity: Warning. Matched against variable `ARGS:a\' (Value: `1 2\' ) [file "a.conf"] [line "3"] [id "920100"] ' +
      '[msg "Bad line"] [data "Matched Data: 1 found within ARGS:a: 1"] [severity "4"] [tag "x"] [tag "y"]',
  );
});

describe('what is not as expected', () => {
  const found = (output: Fields): string[] => faults(readExpectation(output, 'x'), { answer }, [rule]);

  test.for([
    [{}, []],
    [{ status: '200' }, []],
    [{ status: ['403', '400'] }, ['status 200, expected 403 or 400']],
    [{ response_contains: 'hé' }, []],
    [{ response_contains: 'he' }, ['the answer does not contain "he"']],
    [{ log: { expect_ids: ['920100', '7'] } }, ['rule 7 not logged; logged: 920100']],
    [{ log: { no_expect_ids: ['920100', '7'] } }, ['rule 920100 logged, unexpectedly']],
    [{ log: { match_regex: '\\[id "920100"\\].*\\[msg "Bad' } }, []],
    [{ log: { match_regex: 'no such' } }, ['no line of the log matches /no such/; logged: 920100']],
    [{ log: { no_match_regex: 'no such' } }, []],
    [{ isolated: 'true', log: { expect_ids: ['920100'] } }, []],
    [{ expect_error: 'true' }, ['an answer with status 200 where none was expected']],
  ] as const)('%j', ([output, expected]) => {
    expect(found(output)).toEqual(expected);
  });

  test('is a log line where none may be', () => {
    expect(found({ log: { no_match_regex: '\\[id "\\d+"\\]' } })[0]).toMatch(/^a line of the log matches .*920100/);
  });

  test('is a missing answer, unless it is expected', () => {
    const outcome = { error: 'closed' };
    expect(faults(readExpectation({ log: { no_expect_ids: ['1'] } }, 'x'), outcome, [])).toEqual(['no answer: closed']);
    expect(faults(readExpectation({ expect_error: 'true' }, 'x'), outcome, [])).toEqual([]);
  });
});

test('records are joined by request and told apart by client', () => {
  const access = ['a 127.0.0.1', 'b 127.0.0.2', 'c 127.0.0.2'].map((text) => {
    const [requestId, client] = text.split(' ');
    return JSON.stringify({ event: 'access', requestId, client });
  });
  const waf = ['c', 'b'].map((requestId) => JSON.stringify({ event: 'waf', requestId, rules: [rule] }));
  const logged = joinRecords(`${access.join('\n')}\n`, `${waf.join('\n')}\n`);
  expect([...logged].map(([client, { requests, rules }]) => [client, requests, rules.length])).toEqual([
    ['127.0.0.1', 1, 0],
    ['127.0.0.2', 2, 2],
  ]);
});

describe('an answer is complete', () => {
  test.for([
    ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'hi', false],
    ['by its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n', '\r\n', false],
    [
      'by its last chunk and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n',
      '\r\n',
      false,
    ],
    ['by its status', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n', '\r\n', false],
    ['with its head, to HEAD', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n', '\r\n', true],
    ['behind interim answers', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n', '\r\n', false],
  ] as const)('%s', ([, start, end, toHead]) => {
    expect(readAnswer(start, toHead)?.isComplete ?? false).toBe(false);
    expect(readAnswer(start + end, toHead)?.isComplete).toBe(true);
  });

  test('never, where only the connection ends it', () => {
    expect(readAnswer('HTTP/1.1 200 OK\r\n\r\nhi', false)?.isComplete).toBe(false);
  });
});
