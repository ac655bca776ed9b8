import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/tuning/explanation.ts';
import { startBackend } from '../support/backend.ts';
import { type Outcome, runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';

const RULES = `SecAction "id:1,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=5"
SecRule ARGS "@rx <script" "id:100,phase:2,pass,log,msg:'Script',severity:CRITICAL,t:urlDecode,t:lowercase,tag:'attack-xss',setvar:tx.blocking_inbound_anomaly_score=+5"
SecRule ARGS "@rx alert" "id:101,phase:2,pass,log,msg:'Alert',t:lowercase,tag:'attack-xss',setvar:tx.blocking_inbound_anomaly_score=+3"
SecRule ARGS "@rx own" "id:102,phase:2,deny,status:406,log,msg:'Own'"
SecRule TX:blocking_inbound_anomaly_score "@ge %{tx.inbound_anomaly_score_threshold}" "id:900,phase:2,deny,status:403,log,msg:'Score'"
`;
const SITE = `  a.test: # the app
    to: "http://127.0.0.1:BACKEND"
    waf:
      rules: [own.conf]   # mine
`;

interface Running {
  readonly cwd: string;
  /** The id of the request. */
  ask(pathAndQuery: string): Promise<string>;
  rules(...args: readonly string[]): Promise<Outcome>;
  stop(): Promise<void>;
}

async function running(site: string = SITE): Promise<Running> {
  const backend = await startBackend((_, response) => response.end('fine'));
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'own.conf'), RULES);
  const yaml = `listen: { https: "127.0.0.1:0", http: false }
workers: 0
admin: { socket: admin.sock, http: false }
certificates: { issuer: internal }
logs: { access: access.log, waf: waf.log }
sites:
${site.replace('BACKEND', new URL(backend.url).port)}`;
  await writeFile(path.join(cwd, 'gatehouse.yaml'), yaml);
  const cli = startCli(['run'], { cwd });
  const said = await cli.said(/"msg":"ready"/);
  const port = Number(/"https":\["127\.0\.0\.1:(\d+)"\]/.exec(said)?.[1]);
  const ca = await readFile(path.join(cwd, 'certs/internal/root.pem'), 'utf8');
  return {
    cwd,
    async ask(pathAndQuery) {
      const answer = await request('http/1.1', { port, ca }, { host: 'a.test', path: pathAndQuery });
      return String(answer.headers['x-request-id'] ?? /([0-9a-f]{20})/.exec(answer.body)?.[1]);
    },
    rules: (...args) => runCli(['rules', ...args], { cwd }),
    async stop() {
      cli.child.kill('SIGTERM');
      await cli.ended;
    },
  };
}

describe('gatehouse rules explain', () => {
  test('tells which rules scored, on what, and what would let the request pass', async () => {
    const gateway = await running();
    const id = await gateway.ask('/posts/17?text=a%253CSCRIPT>alert(1)');
    await gateway.ask('/posts/18?text=%3Cscript');
    await gateway.ask('/posts/18?other=%3Cscript');
    const { code, stdout } = await gateway.rules('explain', id, '--json');
    expect(code).toBe(0);
    const told = JSON.parse(stdout) as Explanation;
    expect(told).toMatchObject({
      requestId: id,
      verdict: 'block',
      score: { inbound: 8 },
      threshold: { inbound: 5 },
      by: 900,
      comparedWith: 2,
    });
    expect(told.rules.map((rule) => [rule.id, rule.points, rule.field, rule.isDecision])).toEqual([
      [100, 5, 'args.text', false],
      [101, 3, 'args.text', false],
      [900, 0, 'TX:blocking_inbound_anomaly_score', true],
    ]);
    expect(told.rules[0]).toMatchObject({
      before: { text: 'a%3CSCRIPT>alert(1)', mark: [1, 10] },
      transforms: ['urldecode', 'lowercase'],
      after: { text: 'a<script>alert(1)', mark: [1, 8] },
    });
    expect(told.rules[1]?.before.mark).toEqual([11, 16]);
    const both = [
      { from: 100, to: 100 },
      { from: 101, to: 101 },
    ];
    const text = [{ area: 'args', name: 'text' }];
    expect(told.proposals.map(({ exceptions, others }) => [exceptions, others.count])).toEqual([
      [[{ rules: both, fields: text, path: ['/posts/17'], method: ['GET'] }], 0],
      [[{ rules: both, fields: text, path: ['/posts/*'], method: ['GET'] }], 1],
      [[{ rules: [{ tag: 'attack-xss' }], fields: text, path: ['/posts/*'], method: ['GET'] }], 1],
      [[{ rules: both, fields: text }], 1],
      [[{ rules: both, fields: [], path: ['/posts/*'], method: ['GET'] }], 2],
      [[{ rules: both, fields: [] }], 2],
    ]);
    expect(told.proposals.every(({ remaining }) => remaining.passes)).toBe(true);
  });

  test('prints the same for people, from the log when no gateway runs', async () => {
    const gateway = await running();
    const id = await gateway.ask('/posts?text=%3CSCRIPT%3E');
    const live = await gateway.rules('explain', id);
    expect([live.code, live.stderr]).toEqual([0, '']);
    expect(live.stdout).toMatch(/sent {4}<SCRIPT>\n +\^{7}\n {2}decoded <script>\n +\^{7}\n/);
    expect(live.stdout).toContain('score 5 of 5; decided by rule 900');
    expect(live.stdout).toContain('1. these rules, on these fields, for this path and method');
    expect((await gateway.rules('explain', '--last')).stdout).toBe(live.stdout);
    expect((await gateway.rules('explain')).stdout).toMatch(
      new RegExp(`${id} {2}block {3}score 5 {2}GET /posts {2}100\n`),
    );
    await gateway.stop();
    const dead = await gateway.rules('explain', id);
    // The line of the log is written some milliseconds after the finding is kept.
    const seconds = (text: string): string => text.replace(/T[\d:.]+Z/, '');
    expect(seconds(dead.stdout)).toBe(seconds(live.stdout));
    expect(dead.stderr).toContain('no gateway runs; this is from its log');
  });

  test('knows a rule that stops a request by itself', async () => {
    const gateway = await running();
    const { stdout } = await gateway.rules('explain', await gateway.ask('/?q=own'));
    expect(stdout).toContain('rule 102 stopped it by itself');
    expect(stdout).toContain('rules 102; fields args.q; path /; method GET');
  });

  test('of a request that nobody knows ends with 1', async () => {
    const gateway = await running();
    const { code, stderr } = await gateway.rules('explain', 'nobody');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the rules found nothing in a request nobody')]);
  });
});

describe('gatehouse rules explain --apply', () => {
  test('writes the exception into the file, which then lets the request pass', async () => {
    const gateway = await running();
    const id = await gateway.ask('/posts?text=%3CSCRIPT%3E');
    const file = path.join(gateway.cwd, 'gatehouse.yaml');
    const before = await readFile(file, 'utf8');
    const { code, stdout } = await gateway.rules(
      'explain',
      id,
      '--apply',
      '1',
      '--reason',
      'why "not"',
      '--expires',
      '2037-01-01',
    );
    expect(code).toBe(0);
    expect(stdout).toBe(
      '- { rules: [100], fields: [args.text], path: /posts, method: GET, reason: "why \\"not\\"", expires: 2037-01-01 }\n',
    );
    const line = `      exceptions:\n        ${stdout}`;
    expect(await readFile(file, 'utf8')).toBe(before.replace('   # mine\n', `   # mine\n${line}`));
    await gateway.stop();
    const again = startCli(['run'], { cwd: gateway.cwd });
    const said = await again.said(/"msg":"ready"/);
    const port = Number(/"https":\["127\.0\.0\.1:(\d+)"\]/.exec(said)?.[1]);
    const ca = await readFile(path.join(gateway.cwd, 'certs/internal/root.pem'), 'utf8');
    const statuses = ['/posts?text=%3CSCRIPT%3E', '/posts?body=%3CSCRIPT%3E', '/other?text=%3CSCRIPT%3E'].map(
      async (where) => (await request('http/1.1', { port, ca }, { host: 'a.test', path: where })).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 403]);
    const listed = await gateway.rules('list', '--exceptions');
    expect(listed.stdout).toContain('a.test  100  on args.text  path /posts  method GET  until 2037-01-01  1 rule');
  });

  test.for([
    ['9', [], 'there is no proposal 9; there are 1 to'],
    ['1', ['--expires', 'soon'], '"soon" is not a day'],
  ] as const)('%s %j changes nothing', async ([number, more, message]) => {
    const gateway = await running();
    const id = await gateway.ask('/posts?text=%3CSCRIPT%3E');
    const before = await readFile(path.join(gateway.cwd, 'gatehouse.yaml'), 'utf8');
    const { code, stderr } = await gateway.rules('explain', id, '--apply', number, ...more);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await readFile(path.join(gateway.cwd, 'gatehouse.yaml'), 'utf8')).toBe(before);
  });
});

test('a dashboard asks the same on the socket, and writes the same', async () => {
  const gateway = await running();
  const id = await gateway.ask('/posts?text=%3CSCRIPT%3E');
  const ask = async (method: string, where: string, wish?: object): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { socketPath: path.join(gateway.cwd, 'admin.sock'), method, path: where };
    const call = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    });
    call.once('error', reject).end(wish === undefined ? undefined : JSON.stringify(wish));
    return JSON.parse(await promise) as unknown;
  };
  expect(await ask('GET', '/rules/findings')).toMatchObject([
    { requestId: id, verdict: 'block', score: 5, rules: [100] },
  ]);
  expect(await ask('POST', '/rules/explain', { requestId: id })).toMatchObject({ requestId: id, by: 900 });
  expect(await ask('POST', '/rules/explain', { requestId: 'nobody' })).toBeNull();
  expect(await ask('POST', '/rules/except', { requestId: id, proposal: 99 })).toBeNull();
  expect(await ask('POST', '/rules/except', { requestId: id, proposal: 1, expires: 'never' })).toMatchObject({
    entries: [
      `{ rules: [100], fields: [args.text], path: /posts, method: GET, reason: "false positive, request ${id}" }`,
    ],
  });
  expect(await readFile(path.join(gateway.cwd, 'gatehouse.yaml'), 'utf8')).toContain(`false positive, request ${id}`);
  expect((await runCli(['reload'], { cwd: gateway.cwd })).code).toBe(0);
  await gateway.ask('/posts?text=%3CSCRIPT%3E');
  expect(await ask('GET', '/rules/exceptions')).toMatchObject([{ line: 12, count: 1, hasExpired: false }]);
  expect(await ask('GET', '/rules/shadows')).toEqual([]);
});

describe('gatehouse rules except', () => {
  const except = async (...args: readonly string[]): Promise<Outcome & { file: string }> => {
    const cwd = await temporaryFolder();
    await writeFile(path.join(cwd, 'own.conf'), RULES);
    await writeFile(path.join(cwd, 'gatehouse.yaml'), `sites:\n${SITE.replace('BACKEND', '1')}`);
    const outcome = await runCli(['rules', 'except', ...args], { cwd });
    return { ...outcome, file: await readFile(path.join(cwd, 'gatehouse.yaml'), 'utf8') };
  };

  test('writes what it is told', async () => {
    const where = ['--field', 'args.a', '--field', 'cookies.b*', '--path', '/x/**', '--method', 'post'];
    const { code, file } = await except(
      '100',
      'tag:attack-xss',
      ...where,
      '--reason',
      'costs ${5}',
      '--expires',
      'never',
    );
    expect(code).toBe(0);
    expect(file).toContain(
      '- { rules: [100, "tag:attack-xss"], fields: [args.a, cookies.b*], path: /x/**, method: POST, reason: "costs $${5}" }',
    );
  });

  test.for([
    [['900', '--reason', 'x'], 'rule 900 cannot be excepted'],
    [['sqli', '--reason', 'x'], '"sqli" is not a rule'],
    [['100', '--field', 'arg.x', '--reason', 'x'], 'did you mean "args"'],
    [['100', '--site', 'b.test', '--reason', 'x'], 'no site b.test'],
    [['100'], '--reason'],
    [['4711', '--reason', 'x'], 'no loaded rule is meant by 4711'],
    [['100', 'tag:nothing', '--reason', 'x'], 'no loaded rule is meant by tag:nothing'],
    [['900-901', '--reason', 'x'], 'only rules that decide or steer are meant by 900-901'],
    [['100', '--reason', 'x', '--expires', '2020-01-01'], '2020-01-01 is past'],
  ] as const)('%j is refused, and nothing is written', async ([args, message]) => {
    const { code, stderr, file } = await except(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(file).not.toContain('exceptions');
  });
});

test('the exceptions of rule files stand in the same list, with their places', async () => {
  const cwd = await temporaryFolder();
  await writeFile(
    path.join(cwd, 'own.conf'),
    `${RULES}SecRuleUpdateTargetById 100-101 "!ARGS:spared"
SecRuleRemoveByTag nothing-like-it
SecRule REQUEST_FILENAME "@streq /free" "id:200,phase:1,pass,nolog,ctl:ruleRemoveTargetById=102;ARGS:json.a.array_0"
`,
  );
  await writeFile(path.join(cwd, 'gatehouse.yaml'), `sites:\n${SITE.replace('BACKEND', '1')}`);
  const { stdout } = await runCli(['rules', 'list', '--exceptions'], { cwd });
  expect(stdout.trim().split('\n')).toEqual([
    `a.test  100-101  on args.spared  2 rules  ${cwd}/own.conf:6`,
    `a.test  tag:nothing-like-it  whole rule  NO RULE is meant  ${cwd}/own.conf:7`,
    `a.test  102  on json./a/*  when rule 200 matches  1 rule  ${cwd}/own.conf:8`,
  ]);
});
