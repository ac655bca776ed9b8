import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/tuning/replay/compare.ts';
import { readRequests } from '../../src/tuning/replay/read.ts';
import { type Outcome, runCli, temporaryFolder } from '../support/cli.ts';

const RULES = `SecRule ARGS|REQUEST_HEADERS:X-A "@contains attack" "id:100,phase:2,deny,log,msg:'Hit'"
SecRule ARGS "@contains odd" "id:101,phase:2,deny,log,msg:'Odd'"
`;

const own = (facts: object): string =>
  `${JSON.stringify({ v: 1, requestId: 'r', site: 'a.test', client: '127.0.0.9', method: 'GET', target: '/', protocol: 'HTTP/1.1', headers: ['host', 'a.test'], verdict: 'pass', rules: [], ...facts })}\n`;

async function folder(files: Readonly<Record<string, string>>, waf = 'rules: [own.conf]'): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'own.conf'), RULES);
  await writeFile(path.join(cwd, 'c.yaml'), `sites: { a.test: { to: "http://127.0.0.1:1", waf: { ${waf} } } }\n`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, 'traffic', name)), { recursive: true });
    await writeFile(path.join(cwd, 'traffic', name), text);
  }
  return cwd;
}

async function replay(cwd: string, ...args: readonly string[]): Promise<Outcome & { result: Comparison }> {
  const outcome = await runCli(['rules', 'replay', 'traffic', '-c', 'c.yaml', '--json', ...args], { cwd });
  return { ...outcome, result: JSON.parse(outcome.stdout || 'null') as Comparison };
}

describe('a recording', () => {
  test('tells what would change, by rule, field and path', async () => {
    const cwd = await folder({
      'passes.jsonl':
        own({ target: '/posts/1?q=attack' }) +
        own({ target: '/posts/22?q=attack', requestId: 's' }) +
        own({ target: '/calm?q=1' }) +
        own({
          target: '/?json',
          method: 'POST',
          headers: ['host', 'a.test', 'content-type', 'application/json'],
          body: '{"a":["odd"]}',
        }),
      'hits.jsonl':
        own({ target: '/?q=was', verdict: 'block', rules: [{ id: 7, fields: ['ARGS:q'] }] }) +
        own({ target: '/?q=attack', verdict: 'block', rules: [{ id: 100, fields: ['ARGS:q'] }] }),
    });
    const { code, result } = await replay(cwd);
    expect(code).toBe(0);
    expect(result).toMatchObject({ requests: 6, stopped: 4, newlyStopped: 3, newlyPassing: 1, goodStopped: 0 });
    expect(
      result.groups.map(({ change, rule, field, path: where, count }) => [change, rule, field, where, count]),
    ).toEqual([
      ['stops', 100, 'args.q', '/posts/*', 2],
      ['passes', 7, 'args.q', '/', 1],
      ['stops', 101, 'json./a/*', '/', 1],
    ]);
    expect(result.groups[0]?.samples).toEqual(['r', 's']);
  });

  test.for([
    ['a label', { 'x.jsonl': own({ target: '/?q=attack', label: 'good' }) }, []],
    ['its folder', { 'good/x.jsonl': own({ target: '/?q=attack' }) }, []],
    ['an option', { 'x.jsonl': own({ target: '/?q=attack' }) }, ['--good']],
  ] as const)('with a request that is good by %s, which would be stopped, ends with 1', async ([, files, args]) => {
    const { code, result } = await replay(await folder(files), ...args);
    expect([code, result.good, result.goodStopped, result.groups[0]?.good]).toEqual([1, 1, 1, 1]);
  });

  test('does not tell that something would pass whose reason was left out', async () => {
    const cookie = { headers: ['host', 'a.test', 'cookie', 'sid=redacted'] };
    const hidden = { id: 100, fields: ['REQUEST_COOKIES:sid'], isHidden: true };
    const cwd = await folder({
      'hits.jsonl':
        own({ ...cookie, verdict: 'block', rules: [hidden] }) +
        own({ target: '/?q=attack', ...cookie, verdict: 'block', rules: [hidden] }) +
        own({ target: '/?q=was', verdict: 'block', rules: [{ id: 7, fields: ['ARGS:q'] }] }),
    });
    const { result } = await replay(cwd);
    expect(result).toMatchObject({ stopped: 1, newlyStopped: 0, newlyPassing: 1, untold: 1 });
    expect(result.groups.map(({ rule }) => rule)).toEqual([7]);
    const { stdout } = await runCli(['rules', 'replay', 'traffic', '-c', 'c.yaml'], { cwd });
    expect(stdout).toContain('1 that were stopped cannot be told');
  });

  test('is tried with the exceptions of the configuration, on a day', async () => {
    const files = { 'good/x.jsonl': own({ target: '/?q=attack' }) };
    const cwd = await folder(
      files,
      'rules: [own.conf], exceptions: [{ rules: [100], fields: [args.q], expires: 2031-01-01 }]',
    );
    expect((await replay(cwd, '--at', '2031-01-01')).code).toBe(0);
    expect((await replay(cwd, '--at', '2031-01-02')).code).toBe(1);
  });

  test('is compared with another configuration', async () => {
    const cwd = await folder({
      'x.jsonl': own({ target: '/?q=attack', verdict: 'block' }) + own({ target: '/?q=odd' }),
    });
    await writeFile(
      path.join(cwd, 'b.yaml'),
      'sites: { a.test: { to: "http://127.0.0.1:1", waf: { rules: [b.conf] } } }',
    );
    await writeFile(path.join(cwd, 'b.conf'), 'SecRule ARGS "@contains odd" "id:5,phase:2,deny"');
    const { result } = await replay(cwd, '--against', 'b.yaml');
    expect(result.groups.map(({ change, rule }) => [change, rule])).toEqual([['stops', 100]]);
  });

  test.for([
    [['nowhere'], 'nowhere cannot be read (ENOENT)'],
    [['traffic', '-c', 'none.yaml'], 'none.yaml'],
    [['traffic', '-c', 'c.yaml', '--site', 'b.test'], 'c.yaml has no site b.test'],
    [['traffic', '-c', 'c.yaml', '--at', 'soon'], '"soon" is not a day'],
  ] as const)('%j is refused', async ([args, message]) => {
    const cwd = await folder({ 'x.jsonl': own({}) });
    const { code, stderr } = await runCli(
      ['rules', 'replay', ...args, ...(args.length === 1 ? ['-c', 'c.yaml'] : [])],
      { cwd },
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

const HAR = {
  log: {
    entries: [
      {
        request: {
          method: 'POST',
          url: 'https://a.test/p?x=1',
          httpVersion: 'h2',
          headers: [
            { name: ':path', value: '/' },
            { name: 'x-a', value: 'é' },
          ],
          postData: { mimeType: 'text/plain', text: 'é' },
        },
      },
      { request: { method: 'GET', url: 'data:text/plain,x', headers: [] } },
      {
        request: {
          method: 'POST',
          url: 'http://b.test/',
          httpVersion: 'HTTP/1.1',
          headers: [{ name: 'Host', value: 'b.test' }],
          postData: { params: [{ name: 'a b', value: 'c&d' }] },
        },
      },
    ],
  },
};
const V3 = {
  transaction: {
    client_ip: '10.0.0.1',
    unique_id: 'u3',
    request: { method: 'POST', http_version: 1.1, uri: '/x?y=1', body: 'a=b', headers: { Host: 'a.test', 'X-A': 'b' } },
    response: { http_code: 403 },
    messages: [{ message: 'm', details: { ruleId: '942100' } }],
  },
};
const V2 = {
  transaction: { transaction_id: 'u2', remote_address: '10.0.0.2' },
  request: { request_line: 'GET /z HTTP/1.1', headers: { Host: 'a.test' }, body: ['a', 'b'] },
  audit_data: { messages: ['Warning. [id "920100"] [msg "x"]'], action: { intercepted: true } },
};
const FTW = `rule_id: 920100
tests:
  - test_id: 2
    stages:
      - input: { method: POST, uri: "/p", headers: { Host: localhost }, data: "a=1", version: "HTTP/1.1" }
        output: { log: { expect_ids: [920100] } }
      - stage: { input: { encoded_request: "R0VUIC8gSFRUUC8xLjENCkhvc3Q6IHgNCg0K" } }
`;

describe('is read too:', () => {
  test.for([
    [
      'a HAR',
      'a.har',
      JSON.stringify(HAR),
      [
        { method: 'POST', target: '/p?x=1', protocol: 'HTTP/2.0', headers: ['Host', 'a.test', 'x-a', 'Ã©'], body: 'é' },
        { method: 'POST', target: '/', protocol: 'HTTP/1.1', headers: ['Host', 'b.test'], body: 'a+b=c%26d' },
      ],
    ],
    [
      'an audit log of ModSecurity 3',
      'audit.log',
      `${JSON.stringify(V3)}\n`,
      [
        {
          name: 'u3',
          client: '10.0.0.1',
          method: 'POST',
          target: '/x?y=1',
          headers: ['Host', 'a.test', 'X-A', 'b'],
          body: 'a=b',
          wasStopped: true,
          rules: [{ id: 942100, fields: [] }],
        },
      ],
    ],
    [
      'an audit log of ModSecurity 2',
      'audit.json',
      JSON.stringify(V2),
      [
        {
          name: 'u2',
          client: '10.0.0.2',
          method: 'GET',
          target: '/z',
          body: 'ab',
          wasStopped: true,
          rules: [{ id: 920100, fields: [] }],
        },
      ],
    ],
    [
      'one of Coraza',
      'c.json',
      JSON.stringify([
        {
          transaction: {
            id: 'c',
            is_interrupted: false,
            client_ip: '::1',
            request: { method: 'GET', uri: '/c', protocol: 'HTTP/2.0', headers: { host: ['a.test'] } },
          },
        },
      ]),
      [
        {
          name: 'c',
          client: '::1',
          target: '/c',
          protocol: 'HTTP/2.0',
          headers: ['host', 'a.test'],
          wasStopped: false,
        },
      ],
    ],
    [
      'a go-ftw file',
      '920100.yaml',
      FTW,
      [
        {
          name: '920100-2',
          method: 'POST',
          target: '/p',
          headers: ['Host', 'localhost', 'Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', '3'],
          body: 'a=1',
        },
        { method: 'GET', target: '/', protocol: 'HTTP/1.1', headers: ['Host', 'x'], body: '' },
      ],
    ],
  ] as const)('%s', async ([, name, text, expected]) => {
    const cwd = await folder({ [name]: text });
    const counts = { files: 0, skipped: 0 };
    const found = [...readRequests(path.join(cwd, 'traffic'), counts)].map((each) => ({
      ...each,
      body: each.body.toString('utf8'),
    }));
    expect(found).toMatchObject(expected);
    expect(counts).toEqual({ files: 1, skipped: 0 });
  });

  test('bodies of which less was kept than was sent, and no fault is made of that', async () => {
    const type = 'multipart/form-data; boundary=b';
    const head = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n';
    const headers = { Host: 'a.test', 'Content-Type': type, 'Content-Length': '900' };
    const audit = (body: string) => ({
      transaction: { request: { method: 'POST', uri: '/', http_version: 1.1, headers, body } },
    });
    const har = (postData: object) => ({
      request: {
        method: 'POST',
        url: 'https://a.test/',
        headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
        postData,
      },
    });
    const cwd = await folder({
      'audit.log': `${JSON.stringify(audit(`${head}calm`))}\n${JSON.stringify(audit(`${head}attack`))}\n`,
      'a.har': JSON.stringify({
        log: {
          entries: [
            har({ mimeType: type, params: [{ name: 'a', value: 'calm' }] }),
            har({ mimeType: type, params: [{ name: 'a', value: 'attack' }] }),
            har({ mimeType: type, text: `${head}calm` }),
          ],
        },
      }),
    });
    const { result } = await replay(cwd);
    expect([result.requests, result.stopped, result.groups.map(({ rule, count }) => [rule, count])]).toEqual([
      5,
      2,
      [[100, 2]],
    ]);
  });

  test('what is none of these is passed over and counted, whatever it is', async () => {
    const cwd = await folder({});
    await mkdir(path.join(cwd, 'traffic'));
    const names = fc.constantFrom('x.jsonl', 'x.json', 'x.har', 'x.yaml');
    const parts = fc.constantFrom(
      '{"v":1,"target":"/","headers":[',
      '{"transaction":',
      '{"log":{"entries":[',
      'tests:\n - stages:\n',
      '}',
      ']',
      '"',
      '1',
      'null',
      '{"request":{}}',
      '\n',
    );
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(parts).map((all) => all.join('')),
        ),
        async (name, text) => {
          const file = path.join(cwd, 'traffic', name);
          await writeFile(file, text);
          for (const request of readRequests(file, { files: 0, skipped: 0 }))
            expect(typeof request.target).toBe('string');
        },
      ),
      { numRuns: 200 },
    );
  });
});
