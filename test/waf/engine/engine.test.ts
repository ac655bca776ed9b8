// The engine as its callers see it: phases and bodies, the budget, and that nothing is remembered wrongly.
import { describe, expect, test } from 'vitest';
import { exchange, form, lines, rules, type Sent, verdict, written } from './support.ts';

describe('a response', () => {
  const sent: Sent = {
    response: {
      status: 500,
      headers: ['Content-Type', 'text/html; charset=utf-8', 'x-powered-by', 'PHP/5'],
      body: 'Fatal error',
    },
  };

  test.for([
    ['RESPONSE_STATUS', '@eq 500', 3],
    ['RESPONSE_HEADERS:X-Powered-By', '@rx PHP', 3],
    ['RESPONSE_HEADERS_NAMES', '@streq x-powered-by', 3],
    ['RESPONSE_CONTENT_TYPE', '@streq text/html', 3],
    ['RESPONSE_PROTOCOL', '@streq HTTP/1.1', 3],
    ['STATUS_LINE', '@contains 500', 3],
    ['RESPONSE_BODY', '@rx (?i)fatal', 4],
    ['RESPONSE_CONTENT_LENGTH', '@eq 11', 4],
  ] as const)('%s', ([target, operator, phase]) => {
    const text = (number: number): string => `SecRule ${target} "${operator}" "id:1,phase:${number},deny"`;
    expect(verdict(text(phase), sent)).toBe('deny 403 1');
    expect(verdict(text(phase - 1), sent)).toBe('none');
  });

  test('can still be looked at in phase 5, request and all', () => {
    const text = `SecRule RESPONSE_STATUS "@ge 500" "id:1,phase:5,chain"\nSecRule ARGS:a "@rx 1"`;
    expect(lines(text, { ...sent, target: '/?a=1' })).toEqual(['1 RESPONSE_STATUS']);
  });
});

describe('bodies', () => {
  test('are wanted as rules and settings say', () => {
    const wants = (text: string): boolean[] => {
      const inspection = rules(text).begin();
      const head = { id: '', clientAddress: '', clientPort: 0, serverAddress: '', serverPort: 0, serverName: '' };
      inspection.requestHead({ ...head, method: 'GET', target: '/', protocol: 'HTTP/1.1', headers: [] });
      return [inspection.wantsRequestBody, inspection.wantsResponseBody];
    };
    expect(wants('')).toEqual([true, true]);
    expect(wants('SecRequestBodyAccess Off\nSecResponseBodyAccess Off')).toEqual([false, false]);
    expect(wants(`SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyAccess=Off"`)).toEqual([false, true]);
    expect(wants(`SecAction "id:1,phase:1,nolog,pass,ctl:responseBodyAccess=Off"`)).toEqual([true, false]);
    expect(wants(`SecAction "id:1,phase:1,nolog,deny"`)).toEqual([false, false]);
    expect(wants(`SecAction "id:1,phase:1,nolog,allow:request"`)).toEqual([false, true]);
  });

  test('that are only a beginning raise INBOUND_DATA_ERROR', () => {
    const text = `SecRule INBOUND_DATA_ERROR "@eq 1" "id:1,phase:2"`;
    expect(lines(text, { ...form('a=1'), isPrefix: true })).toEqual(['1 INBOUND_DATA_ERROR']);
    expect(lines(text, form('a=1'))).toEqual([]);
  });
});

describe('the budget', () => {
  const text = `SecRule ARGS "@rx (?:a|b)*c" "id:1,phase:1"`;

  test('throws when it is used up, as a fault of the gateway', () => {
    const long = { target: `/?a=${'ab'.repeat(20_000)}` };
    expect(() => exchange(rules(text, { budgetMs: 0 }).begin(), long)).toThrow(
      expect.objectContaining({ code: 'overloaded', status: 503 }) as Error,
    );
  });

  test('is enough for what costs nothing', () => {
    expect(lines(text, { target: '/?a=c' }, { budgetMs: 0 })).toEqual(['1 ARGS:a']);
  });
});

describe('one engine', () => {
  const text = `SecRule ARGS "@rx ^a+$" "id:1,phase:1,t:lowercase"\nSecRule ARGS "!@rx ^a" "id:2,phase:1,t:urlDecode"
    SecRule ARGS|!ARGS:b "@pm foo" "id:3,phase:1,t:removeWhitespace"\nSecRule REQUEST_HEADERS "@detectXSS" "id:4,phase:1"
    SecRule ARGS:/^b/ "@validateByteRange 97-122" "id:5,phase:1,multiMatch,t:hexDecode"`;
  const values = ['a', 'AAA', 'b', 'foo', 'f o o', '', '%61', '61', 'A'.repeat(600), '<script>x', '\xe9'];
  const requests: Sent[] = values.flatMap((value) =>
    ['a', 'b', 'bb'].map((name) => ({ target: `/?${name}=${encodeURIComponent(value)}`, headers: ['x', value] })),
  );

  test('says the same of a request however often it comes', () => {
    const engine = rules(text);
    const once = requests.map((sent) => lines(text, sent));
    for (let round = 0; round < 4; round++) {
      expect(requests.map((sent) => written(exchange(engine.begin(), sent)))).toEqual(once);
    }
    expect(requests.toReversed().map((sent) => written(exchange(engine.begin(), sent)))).toEqual(once.toReversed());
  });

  test('keeps exchanges that run at the same time apart', () => {
    const engine = rules(`SecRule ARGS "@rx (.)" "id:1,phase:1,nolog,pass,capture,setvar:tx.n=+1"
      SecRule RESPONSE_STATUS "@eq 200" "id:2,phase:3,logdata:'%{tx.1} %{tx.n}'"`);
    const all = ['x', 'y', 'z'].map((value) => ({ value, inspection: engine.begin() }));
    const head = {
      id: '',
      clientAddress: '',
      clientPort: 0,
      serverAddress: '',
      serverPort: 0,
      serverName: '',
      method: 'GET',
    };
    for (const { value, inspection } of all)
      inspection.requestHead({ ...head, target: `/?a=${value}`, protocol: 'HTTP/1.1', headers: [] });
    for (const { inspection } of all) inspection.requestBody(Buffer.alloc(0), false);
    for (const { inspection } of all.toReversed())
      inspection.responseHead({ status: 200, protocol: 'HTTP/1.1', headers: [] });
    expect(all.map(({ inspection }) => inspection.finish().findings[0]?.data)).toEqual(['x 1', 'y 1', 'z 1']);
  });
});

test('scores and thresholds are those of CRS, version 4 before version 3', () => {
  const text = `SecAction "id:1,phase:1,nolog,pass,setvar:tx.anomaly_score=3,setvar:tx.inbound_anomaly_score_threshold=7"
    SecRule ARGS "@rx 1" "id:2,phase:1,nolog,pass,setvar:tx.blocking_inbound_anomaly_score=+5"`;
  expect(exchange(rules(text).begin()).score.inbound).toBe(3);
  expect(exchange(rules(text).begin(), { target: '/?a=1' }).score.inbound).toBe(5);
  expect(exchange(rules(text).begin()).threshold.inbound).toBe(7);
});
