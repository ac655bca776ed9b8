// What rules write, and how it is read again: TX, persistent collections, the environment, macros.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Engine } from '../../../src/waf/engine.ts';
import { data, exchange, lines, rules, type Sent } from './support.ts';

const NOLOG = 'phase:1,nolog,pass';

/** What a text with macros becomes behind some actions. */
const shown = (actions: string, text: string, sent: Sent = {}): string =>
  data(
    `SecRule REQUEST_METHOD "@rx ." "id:1,${NOLOG},${actions}"\nSecAction "id:2,phase:1,logdata:'${text}'"`,
    sent,
  ).join();

describe('setvar', () => {
  test.for([
    ['setvar:tx.a=5', '5'],
    ["setvar:'tx.a=5 and 6'", '5 and 6'],
    ['setvar:tx.a', '1'],
    ['setvar:tx.a=', ''],
    ['setvar:tx.a=+5', '5'],
    ['setvar:tx.a=-5', '-5'],
    ['setvar:tx.a=5,setvar:tx.a=+3,setvar:tx.a=-1', '7'],
    ['setvar:tx.a=x,setvar:tx.a=+3', '3'],
    ['setvar:tx.a=12x,setvar:tx.a=+3', '15'],
    ['setvar:tx.b=4,setvar:tx.a=+%{tx.b}', '4'],
    ['setvar:tx.b=4,setvar:tx.a=%{tx.b}%{tx.b}', '44'],
    ['setvar:tx.a=5,setvar:!tx.a', ''],
    ['setvar:TX.A=5', '5'],
    ['setvar:tx.b=a,setvar:tx.%{tx.b}=7', '7'],
    ['setvar:tx.a=%{REQUEST_METHOD}', 'GET'],
    ['setvar:tx.a=%{tx.nobody}', ''],
  ] as const)('%s leaves %s', ([actions, expected]) => {
    expect(shown(actions, '%{tx.a}')).toBe(expected);
  });

  test('makes a member that can be counted, and that is gone when it is taken away', () => {
    const text = `SecAction "id:1,${NOLOG},setvar:tx.a=0"\nSecRule &TX:a "@eq 1" "id:2,phase:1"
      SecRule REQUEST_METHOD "@rx ." "id:3,${NOLOG},setvar:!tx.a"\nSecRule &TX:a "@eq 0" "id:4,phase:1"`;
    expect(lines(text)).toEqual(['2 &TX:a', '4 &TX:a']);
  });

  test('is not seen by the next exchange', () => {
    const engine = rules(`SecRule &TX:a "@eq 0" "id:1,phase:1,setvar:tx.a=1"`);
    for (let i = 0; i < 3; i++) expect(exchange(engine.begin()).findings).toHaveLength(1);
  });

  test('makes names that a pattern selects', () => {
    const text = `SecRule ARGS "@rx ." "id:1,${NOLOG},setvar:'tx.seen_%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
      SecRule TX:/^seen_ARGS:/ "@streq 2" "id:2,phase:1"`;
    expect(lines(text, { target: '/?A=1&B=2' })).toEqual(['2 TX:seen_args:b']);
  });

  test('writes over what a pattern caught, until the next capture', () => {
    const catches = `SecRule ARGS:a "@rx (.)(.)" "id:1,${NOLOG},capture"`;
    const text = `${catches}\nSecAction "id:2,${NOLOG},setvar:'!tx.1',setvar:tx.2=z"\nSecAction "id:3,phase:1,logdata:'%{tx.1}-%{tx.2}'"`;
    expect(data(text, { target: '/?a=xy' })).toEqual(['-z']);
  });

  test('takes every name that a request within the bounds makes, and refuses to forget any beyond', () => {
    const rules = (to: string): string =>
      `SecRule ARGS "@rx 1" "id:1,${NOLOG},setvar:'tx.seen_%{MATCHED_VAR_NAME}=1'"\n${to}`;
    const target = (count: number): string => `/?${Array.from({ length: count }, (_, i) => `n${i}=1`).join('&')}`;
    const limits = { maxArguments: 30_000 };
    const counted = rules(`SecRule &TX:/^seen/ "@eq 2000" "id:2,phase:1"`);
    expect(lines(counted, { target: target(2_000) }, { limits })).toEqual(['2 &TX']);
    expect(() => lines(counted, { target: target(20_001) }, { limits })).toThrow(/more than 20000 variables/);
  });
});

describe('macros', () => {
  test.for([
    ['%{REQUEST_METHOD} %{request_uri}', 'GET /x?a=1&b=2'],
    ['%{ARGS.b} %{args.B} %{ARGS:b}', '2 2 2'],
    ['%{REQUEST_HEADERS.User-Agent}', 'me'],
    ['%{RULE.id}', '2'],
    ['%{REMOTE_ADDR}:%{REMOTE_PORT}', '192.0.2.7:40001'],
    ['%{SERVER_ADDR}:%{SERVER_PORT} %{SERVER_NAME}', '198.51.100.1:8443 a.example'],
    ['%{UNIQUE_ID}', 'request-1'],
    ['%{nothing.such} %{} 100%', '%{nothing.such} %{} 100%'],
    ['%{ARGS.none}|%{tx.none}|%{ENV.none}', '||'],
    ['%{HIGHEST_SEVERITY}', '255'],
  ] as const)('%s becomes %s', ([text, expected]) => {
    expect(shown('t:none', text, { target: '/x?a=1&b=2', headers: ['user-agent', 'me'] })).toBe(expected);
  });

  test('in a message are filled in when the rule matches', () => {
    const { findings } = exchange(
      rules(`SecRule ARGS "@rx (.)" "id:1,phase:1,capture,msg:'%{TX.1} of %{MATCHED_VAR_NAME}'"`).begin(),
      {
        target: '/?a=zy',
      },
    );
    expect(findings[0]?.msg).toBe('z of ARGS:a');
  });

  test.for([
    ['@streq %{ARGS.b}', true],
    ['@within %{tx.list}', true],
    ['@contains %{tx.empty}', true],
    ['@eq %{tx.number}', false],
    ['@rx ^%{ARGS.b}$', true],
    ['!@rx %{tx.list}', true],
    ['@pm %{tx.list}', true],
    ['!@pm %{tx.list}', false],
  ] as const)('in an argument are filled in for each exchange: %s', ([operator, matches]) => {
    const text = `SecRule ARGS:b "@rx ." "id:1,${NOLOG},setvar:'tx.list=a b bb c',setvar:tx.number=7,setvar:tx.empty="
      SecRule ARGS:a "${operator}" "id:2,phase:1"`;
    expect(lines(text, { target: '/?a=b&b=b' })).toEqual(matches ? ['2 ARGS:a'] : []);
  });

  test('that come from a client are not looked at again', () => {
    expect(shown('setvar:tx.a=%{ARGS.a}', '%{tx.a}', { target: '/?a=%25%7BREQUEST_METHOD%7D' })).toBe(
      '%{REQUEST_METHOD}',
    );
  });

  test('an argument that a client makes wrong matches nothing', () => {
    const text = `SecRule ARGS:a "@rx %{ARGS.p}" "id:1,phase:1"\nSecRule ARGS:a "!@rx %{ARGS.p}" "id:2,phase:1"`;
    expect(lines(text, { target: '/?a=x&p=(' })).toEqual(['2 ARGS:a']);
  });
});

test('setenv makes a variable of ENV', () => {
  const text = `SecRule ARGS "@rx (.)" "id:1,${NOLOG},capture,setenv:'found=%{TX.1}'"\nSecRule ENV:found "@streq z" "id:2,phase:2,logdata:'%{ENV.found}'"`;
  expect(lines(text, { target: '/?a=z' })).toEqual(['2 ENV:found']);
  expect(data(text, { target: '/?a=z' })).toEqual(['z']);
  expect(lines(text, { target: '/?a=y' })).toEqual([]);
});

describe('persistent collections', () => {
  const OPEN = `SecAction "id:1,${NOLOG},initcol:ip=%{REMOTE_ADDR}"`;
  const show = (text: string): string => `SecAction "id:9,phase:5,logdata:'${text}'"`;
  const told = (engine: Engine, sent: Sent = {}): string =>
    exchange(engine.begin(), sent)
      .findings.map((found) => found.data)
      .join();

  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());

  test('outlive the exchange, each by its key', () => {
    const engine = rules(`${OPEN}\nSecAction "id:2,${NOLOG},setvar:ip.n=+1"\n${show('%{ip.n}')}`);
    const other = { clientAddress: '192.0.2.8' };
    expect([told(engine), told(engine), told(engine, other), told(engine)]).toEqual(['1', '2', '1', '3']);
  });

  test('are of several kinds', () => {
    const engine =
      rules(`SecAction "id:1,${NOLOG},initcol:global=all,setsid:%{ARGS.s},setuid:%{ARGS.u},setrsc:%{REQUEST_FILENAME}"
      SecAction "id:2,${NOLOG},setvar:global.n=+1,setvar:session.n=+1,setvar:user.n=+1,setvar:resource.n=+1"
      ${show('%{global.n} %{session.n} %{user.n} %{resource.n}')}`);
    expect(told(engine, { target: '/x?s=1&u=1' })).toBe('1 1 1 1');
    expect(told(engine, { target: '/x?s=2&u=1' })).toBe('2 1 2 2');
    expect(told(engine, { target: '/y?s=2&u=2' })).toBe('3 2 1 1');
  });

  test('can be looked at: by name, by pattern, counted', () => {
    const text = `${OPEN}\nSecAction "id:2,${NOLOG},setvar:ip.a_1=x,setvar:ip.a_2=y"
      SecRule IP:a_2 "@streq y" "id:3,phase:1"\nSecRule IP:/^a_/ "@streq x" "id:4,phase:1"\nSecRule &IP "@eq 2" "id:5,phase:1"`;
    expect(lines(text)).toEqual(['3 IP:a_2', '4 IP:a_1', '5 &IP']);
  });

  test('are not there before initcol', () => {
    expect(lines(`SecAction "id:1,${NOLOG},setvar:ip.a=1"\nSecRule &IP:a "@eq 0" "id:2,phase:1"`)).toEqual(['2 &IP:a']);
  });

  test('know their key, and whether they are new', () => {
    const engine = rules(`${OPEN}\nSecAction "id:2,${NOLOG},setvar:ip.n=+1"\n${show('%{ip.key} %{ip.is_new}')}`);
    expect([told(engine), told(engine)]).toEqual(['192.0.2.7 1', '192.0.2.7 0']);
  });

  test('expirevar lets a member end', () => {
    const engine = rules(
      `${OPEN}\nSecRule ARGS "@rx 1" "id:2,${NOLOG},setvar:ip.n=+1,expirevar:ip.n=60"\n${show('%{ip.n}')}`,
    );
    expect(told(engine, { target: '/?a=1' })).toBe('1');
    vi.advanceTimersByTime(59_000);
    expect(told(engine)).toBe('1');
    vi.advanceTimersByTime(2_000);
    expect(told(engine)).toBe('');
    expect(told(engine, { target: '/?a=1' })).toBe('1');
  });

  test('are forgotten when nobody writes to them for SecCollectionTimeout', () => {
    const engine = rules(
      `SecCollectionTimeout 600\n${OPEN}\nSecRule ARGS "@rx 1" "id:2,${NOLOG},setvar:ip.n=+1"\n${show('%{ip.n}')}`,
    );
    expect(told(engine, { target: '/?a=1' })).toBe('1');
    vi.advanceTimersByTime(590_000);
    expect(told(engine, { target: '/?a=1' })).toBe('2');
    vi.advanceTimersByTime(590_000);
    expect(told(engine)).toBe('2');
    vi.advanceTimersByTime(20_000);
    expect(told(engine)).toBe('');
  });
});
