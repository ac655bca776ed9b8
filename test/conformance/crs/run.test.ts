// The runner against a gateway that is none: it says which rules it "saw" by what stands in the address.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeLeaf } from '../../tls/material.ts';
import { readOptions } from './options.ts';
import { readOverrides } from './overrides.ts';
import type { Logged } from './records.ts';
import { report, summary } from './report.ts';
import { runTests } from './run.ts';
import type { TestCase } from './suite.ts';
import { readTests } from './suite.ts';
import type { Target } from './target.ts';

interface FakeTarget extends Target {
  readonly received: Map<string, string>;
}

/** `/rule/7` logs rule 7, `/to/PATH` redirects there, `/close` ends the connection; any other address gets a 200. */
async function fakeTarget(): Promise<FakeTarget> {
  const { certPem, keyPem } = makeLeaf(['localhost']);
  const logged = new Map<string, Logged>();
  const received = new Map<string, string>();
  const onSocket = (socket: TLSSocket): void => {
    const client = socket.remoteAddress ?? '';
    let isAnswered = false;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const sofar = (received.get(client) ?? '') + chunk.toString('latin1');
      received.set(client, sofar);
      if (isAnswered || !sofar.includes('\r\n\r\n')) return;
      isAnswered = true;
      const uri = sofar.split(' ')[1] ?? '';
      const id = /^\/rule\/(\d+)/.exec(uri)?.[1];
      logged.set(client, {
        requests: 1,
        rules: id === undefined ? [] : [{ id: Number(id), msg: uri }],
        isStopped: false,
      });
      if (uri === '/close') socket.destroy();
      else if (uri.startsWith('/to/'))
        socket.write(`HTTP/1.1 302 Found\r\nLocation: ${uri.slice(3)}\r\nContent-Length: 0\r\n\r\n`);
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  };
  const server = tls.createServer({ cert: certPem, key: keyPem, ALPNProtocols: ['http/1.1'] }, onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { port, trust: tls.createSecureContext({ ca: certPem }), stop: () => Promise.resolve(logged), received };
}

function tests(...stages: readonly string[]): TestCase[] {
  return readTests(`rule_id: 1\ntests:\n${stages.map((stage) => `- { stages: [${stage}] }\n`).join('')}`, 'x.yaml');
}

function overridesOf(...entries: readonly string[]): ReturnType<typeof readOverrides> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'overrides.yaml');
  writeFileSync(file, `test_overrides: [${entries.join(',')}]`);
  return readOverrides(file);
}

const none = (): undefined => undefined;

test('what was logged for a request is judged for that request alone, however many run at once', async () => {
  const stages = Array.from({ length: 300 }, (_, i) => {
    return `{ input: { uri: /rule/${i} }, output: { status: 200, log: { expect_ids: [${i}], no_expect_ids: [${i + 1}] } } }`;
  });
  const target = await fakeTarget();
  const results = await runTests(tests(...stages), target, none);
  expect(summary(results)).toBe('300 passed, 0 failed, 0 overridden');
  expect(target.received.size).toBe(300);
});

test('a failed test says what was expected and what was seen', async () => {
  const results = await runTests(
    tests(
      '{ input: { uri: /rule/7 }, output: { status: 403, log: { expect_ids: [8] } } }',
      '{ input: {}, output: { log: { no_expect_ids: [8] } } }',
      '{ input: { uri: /close }, output: { log: { no_expect_ids: [8] } } }',
      '{ input: { uri: /close }, output: { expect_error: true } }',
    ),
    await fakeTarget(),
    none,
  );
  expect(report(results)).toBe(
    [
      'FAILED 1-1',
      '  status 200, expected 403',
      '  rule 8 not logged; logged: 7',
      'FAILED 1-3',
      '  no answer: the connection was closed without an answer',
      '',
    ].join('\n'),
  );
  expect(summary(results)).toBe('2 passed, 2 failed, 0 overridden');
});

test('a request that the gateway has no record of fails, though no rule was expected', async () => {
  const target = await fakeTarget();
  const unrecorded = { ...target, stop: () => Promise.resolve(new Map<string, Logged>()) };
  const [result] = await runTests(tests('{ input: {}, output: { log: { no_expect_ids: [8] } } }'), unrecorded, none);
  expect(result?.faults).toEqual(['the gateway has no record of it']);
});

test('a stage follows the redirect of the one before', async () => {
  const target = await fakeTarget();
  const results = await runTests(
    tests(
      '{ input: { uri: /to/rule/5?x }, output: { status: 302 } }, { input: { follow_redirect: true }, output: { log: { expect_ids: [5] } } }',
      '{ input: { follow_redirect: true }, output: {} }',
    ),
    target,
    none,
  );
  expect([...target.received.values()].some((text) => text.startsWith('GET /rule/5?x HTTP/1.1'))).toBe(true);
  expect(results.map(({ faults }) => faults)).toEqual([[], ['no answer: the stage before was not redirected']]);
});

test('an override with an output is judged by it, one without leaves the test out, a needless one is told', async () => {
  const target = await fakeTarget();
  const failing = '{ input: { uri: /rule/7 }, output: { status: 403 } }';
  const results = await runTests(
    tests(failing, failing, failing, '{ input: { uri: /rule/7 }, output: { log: { expect_ids: [7] } } }'),
    target,
    overridesOf(
      '{ rule_id: 1, test_ids: [1], reason: a, output: { log: { expect_ids: [7] } } }',
      '{ rule_id: 1, test_ids: [2], reason: b }',
      '{ rule_id: 1, test_ids: [3], reason: c, output: { status: 500 } }',
      '{ rule_id: 1, test_ids: [4], reason: d, output: { status: 200 } }',
    ),
  );
  expect(results.map(({ verdict }) => verdict)).toEqual(['overridden', 'overridden', 'failed', 'overridden']);
  expect(target.received.size).toBe(3);
  expect(report(results)).toContain('1-4 passes without its override');
});

test('an override needs a reason, and a key that is known', () => {
  expect(() => overridesOf('{ rule_id: 1, test_ids: [1] }')).toThrow(/rule 1: a reason is missing/);
  expect(() => overridesOf('{ rule_id: 1, test_ids: [1], reason: x, status: 3 }')).toThrow(/"status" is not known/);
});

test('a call without rules or tests, or with a wrong level, is refused', () => {
  expect(() => readOptions(['--rules', 'a'])).toThrow(/--rules and --tests/);
  expect(() => readOptions(['--rules', 'a', '--tests', 'b', '--paranoia', '5'])).toThrow(/1 to 4/);
  expect(readOptions(['--rules', 'a', '--tests', 'b', '--only', '1', '--only', '2-3'])).toMatchObject({
    paranoia: 4,
    only: ['1', '2-3'],
    json: false,
  });
});
