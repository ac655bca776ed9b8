import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { type GuardedWorld, ruleFolder, startGuardedBy } from '../support/guarded.ts';

const ACTS = 'SecRule ARGS "@contains attack" "id:100,phase:2,deny,log,msg:\'Hit\'"\n';
const SHADOW = `SecRule ARGS "@contains odd" "id:200,phase:2,deny,log,msg:'Odd'"
SecRule REQUEST_HEADERS:X-Odd "@contains odd" "id:201,phase:1,deny,log"
SecRule RESPONSE_BODY "@contains leak" "id:202,phase:4,deny,log"
`;

async function world(shadow: string, waf = ''): Promise<GuardedWorld> {
  const backend = await startBackend((_, response) => response.setHeader('content-type', 'text/plain').end('a leak'));
  const rules = await ruleFolder({ 'acts.conf': ACTS, 'shadow.conf': SHADOW });
  return startGuardedBy(`sites:
  localhost:
    to: "${backend.url}"
    waf: { rules: ["${rules}/acts.conf"], ${waf} shadow: { rules: ["${rules}/shadow.conf"], ${shadow} } }
`);
}

const figures = ({ gateway }: GuardedWorld) => gateway.runtime.guards!.shadows[0]!.figures();

async function judged(to: GuardedWorld, count: number): Promise<ReturnType<typeof figures>> {
  await vi.waitFor(() => expect(figures(to).judged).toBe(count), { timeout: 5000, interval: 5 });
  return figures(to);
}

describe('a shadow', () => {
  test('is scored beside, tells what it would have done, and never acts', async () => {
    const to = await world('sample: 100%');
    const ask = async (where: string, headers = {}): Promise<number> =>
      (await request('h2', to, { path: where, headers })).status;
    expect(await ask('/posts/1?q=odd')).toBe(200);
    expect(await ask('/posts/2?q=odd')).toBe(200);
    expect(await ask('/', { 'x-odd': 'odd' })).toBe(200);
    expect(await ask('/?q=attack')).toBe(403);
    expect(await ask('/?q=calm')).toBe(200);
    const told = await judged(to, 5);
    expect(told).toMatchObject({ stops: 3, passes: 1, dropped: 0, failed: 0 });
    expect(
      told.groups.map(({ change, rule, field, path: where, count }) => [change, rule, field, where, count]),
    ).toEqual([
      ['stops', 200, 'args.q', '/posts/*', 2],
      ['stops', 201, 'headers.x-odd', '/', 1],
      ['passes', 100, 'args.q', '/', 1],
    ]);
    const records = await to.wafRecords(1);
    expect(records.flatMap(({ rules }) => rules.map(({ id }) => id))).toEqual([100]);
  });

  test('sees bodies, and answers where they are inspected', async () => {
    const to = await world('sample: 100%', 'response: true,');
    const headers = { 'content-type': 'application/json' };
    await request('h2', to, { path: '/', method: 'POST', headers, body: '{"a":"odd"}' });
    await request('h2', to, { path: '/' });
    const told = await judged(to, 2);
    expect(told.groups.map(({ rule, field }) => [rule, field])).toEqual([
      [200, 'json./a'],
      [202, 'response.body'],
    ]);
  });

  test('keeps to the exceptions of the site', async () => {
    const to = await world('sample: 100%', 'exceptions: [{ rules: [200], fields: [args.q] }],');
    await request('h2', to, { path: '/?q=odd' });
    await request('h2', to, { path: '/?r=odd' });
    expect((await judged(to, 2)).groups.map(({ field }) => field)).toEqual(['args.r']);
  });

  test('of no share looks at nothing', async () => {
    const backend = await startBackend();
    const rules = await ruleFolder({ 'acts.conf': ACTS });
    const { gateway } = await startGuardedBy(
      `sites: { localhost: { to: "${backend.url}", waf: { rules: ["${rules}/acts.conf"], shadow: { paranoia: 2, sample: 0% } } } }\n`,
    );
    expect(gateway.runtime.guards?.shadows).toEqual([]);
  });

  test('with rules that cannot be loaded stops the start', async () => {
    const rules = await ruleFolder({ 'acts.conf': ACTS, 'bad.conf': 'SecNope On\n' });
    const yaml = `sites: { localhost: { to: "http://127.0.0.1:1", waf: { rules: ["${rules}/acts.conf"], shadow: { rules: ["${rules}/bad.conf"] } } } }\n`;
    await expect(startGuardedBy(yaml)).rejects.toThrow(/bad\.conf/);
  });
});

test('gatehouse rules shadow tells, and promotes', async () => {
  const backend = await startBackend();
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'acts.conf'), ACTS);
  await writeFile(path.join(cwd, 'shadow.conf'), SHADOW);
  const yaml = `listen: { https: "127.0.0.1:0", http: false }
workers: 0
admin: { socket: admin.sock, http: false }
certificates: { issuer: internal }
sites:
  a.test:
    to: "${backend.url}"
    waf:
      rules: [acts.conf] # in force
      shadow: # to try
        rules: [acts.conf, shadow.conf]
        sample: 100%
`;
  await writeFile(path.join(cwd, 'gatehouse.yaml'), yaml);
  const cli = startCli(['run'], { cwd });
  const port = Number(/"https":\["127\.0\.0\.1:(\d+)"\]/.exec(await cli.said(/"msg":"ready"/))?.[1]);
  const ca = await readFile(path.join(cwd, 'certs/internal/root.pem'), 'utf8');
  await request('h2', { port, ca }, { host: 'a.test', path: '/?q=odd' });
  const { stdout } = await runCli(['rules', 'shadow'], { cwd });
  expect(stdout).toContain('1 that passed would have been stopped, 0 that were stopped would have passed');
  expect(stdout).toMatch(/1 {2}rule 200 {2}args\.q {2}\/ {2}Odd/);
  expect(JSON.parse((await runCli(['rules', 'shadow', '--json'], { cwd })).stdout)).toMatchObject([
    { judged: 1, sites: ['a.test'] },
  ]);
  expect((await runCli(['rules', 'shadow', '--promote', 'b.test'], { cwd })).code).toBe(2);
  expect((await runCli(['rules', 'shadow', '--promote', 'a.test'], { cwd })).code).toBe(0);
  const after = await readFile(path.join(cwd, 'gatehouse.yaml'), 'utf8');
  expect(after).toBe(
    yaml.replace('rules: [acts.conf] # in', 'rules: [acts.conf, shadow.conf] # in').replace(/ {6}shadow:[\s\S]*/, ''),
  );
});

const TRIED = `name: shop
rules:
  # Not sure about this one.
  - id: 100001
    title: An odd word
    mode: shadow # since last week
    inspect: [args, body]
    match: { contains: odd }
  - { id: 100002, title: A rare word, mode: 'shadow', severity: notice, inspect: [args], match: { contains: rare } }
  - { id: 100003, title: A bad word, inspect: [args], match: { contains: bad } }
`;

test('a single rule of mode shadow is counted, never acts, and acts after one command', async () => {
  const backend = await startBackend();
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'shop.yaml'), TRIED);
  const yaml = `listen: { https: "127.0.0.1:0", http: false }
workers: 0
admin: { socket: admin.sock, http: false }
certificates: { issuer: internal }
sites: { a.test: { to: "${backend.url}", waf: { rules: [shop.yaml] } } }
`;
  await writeFile(path.join(cwd, 'gatehouse.yaml'), yaml);
  const cli = startCli(['run'], { cwd });
  const port = Number(/"https":\["127\.0\.0\.1:(\d+)"\]/.exec(await cli.said(/"msg":"ready"/))?.[1]);
  const ca = await readFile(path.join(cwd, 'certs/internal/root.pem'), 'utf8');
  const ask = async (where: string): Promise<number> =>
    (await request('h2', { port, ca }, { host: 'a.test', path: where })).status;
  expect(await Promise.all(['/posts/1?q=odd', '/posts/2?q=odd', '/?q=rare', '/?q=calm'].map(ask))).toEqual([
    200, 200, 200, 200,
  ]);
  expect(await ask('/?q=odd+bad')).toBe(403);
  const reports = JSON.parse((await runCli(['rules', 'shadow', '--json'], { cwd })).stdout);
  expect(reports).toMatchObject([
    { rule: 100001, rules: ['An odd word'], sites: ['a.test'], line: 4, judged: 5, finds: 3, stops: 2 },
    { rule: 100002, judged: 5, finds: 1, stops: 0 },
  ]);
  expect(reports[0].groups).toMatchObject([
    { change: 'stops', field: 'args.q', path: '/posts/*', count: 2 },
    { change: 'finds', field: 'args.q', path: '/', count: 1 },
  ]);
  const { stdout } = await runCli(['rules', 'shadow'], { cwd });
  expect(stdout).toContain('3 in which it found something; 2 that passed would have been stopped');
  expect(stdout).toContain('rules shadow --promote 100001');
  expect(await runCli(['rules', 'shadow', '--promote', '100003'], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('those that are: 100001, 100002'),
  });
  expect((await runCli(['rules', 'shadow', '--promote', '100001'], { cwd })).code).toBe(0);
  expect((await runCli(['rules', 'shadow', '--promote', '100002'], { cwd })).code).toBe(0);
  expect(await readFile(path.join(cwd, 'shop.yaml'), 'utf8')).toBe(
    TRIED.replace('shadow # since', 'block # since').replace("'shadow'", 'block'),
  );
  expect((await runCli(['reload'], { cwd })).code).toBe(0);
  expect(await ask('/?q=odd')).toBe(403);
  expect(JSON.parse((await runCli(['rules', 'shadow', '--json'], { cwd })).stdout)).toEqual([]);
});

test('a reload lets new exceptions act, and what is as it was goes on counting and recording', async () => {
  const backend = await startBackend();
  const rules = await ruleFolder({ 'acts.conf': ACTS, 'shadow.conf': SHADOW });
  const dir = path.join(await temporaryFolder(), 'traffic');
  const yaml = (exceptions: string): string => `record: { dir: ${dir} }
sites:
  localhost:
    to: "${backend.url}"
    waf: { rules: ["${rules}/acts.conf"], exceptions: [${exceptions}], shadow: { rules: ["${rules}/shadow.conf"], sample: 100% } }
`;
  const to = await startGuardedBy(yaml(''));
  const ask = async (): Promise<number> => (await request('h2', to, { path: '/?q=attack' })).status;
  expect(await ask()).toBe(403);
  await judged(to, 1);
  const { traffic } = to.gateway.records;
  await to.gateway.reload(to.config(yaml('{ rules: [100], fields: [args.q] }')));
  expect(to.gateway.records.traffic).toBe(traffic);
  expect(await ask()).toBe(200);
  expect(await judged(to, 2)).toMatchObject({ passes: 1 });
  await to.gateway.reload(to.config(yaml('').replace(/^record.*\n/, '')));
  expect(to.gateway.records.traffic).toBeUndefined();
  expect(await ask()).toBe(403);
});
