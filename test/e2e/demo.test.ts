// `npm start` as a newcomer meets it, with the programs that a newcomer has.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ATTACKS } from '../../src/cli/demo-app/attacks.ts';
import { type Outcome, runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { hasComponent } from '../support/components.ts';

const run = promisify(execFile);

interface Demo {
  readonly base: string;
  readonly httpPort: number;
  readonly rootPem: string;
  readonly banner: string;
  readonly folder: string;
  stop(): Promise<number | null>;
}

async function startDemo(): Promise<Demo> {
  const folder = await temporaryFolder();
  const cli = startCli(['demo', '--port', '0', '--http-port', '0', '--admin-port', '0'], { cwd: folder });
  const banner = await cli.said('Ctrl-C stops everything');
  const base = /https:\/\/localhost:\d+/.exec(banner)?.[0] ?? '';
  const httpPort = Number(/http:\/\/localhost:(\d+)/.exec(banner)?.[1]);
  const stop = async (): Promise<number | null> => {
    cli.child.kill('SIGINT');
    return (await cli.ended).code;
  };
  return {
    base,
    httpPort,
    rootPem: path.join(folder, 'certs/internal/root.pem'),
    banner,
    folder,
    stop,
  };
}

test.skipIf(!hasComponent('curl'))(
  'the demo prints five requests that work as it says, and stops on Ctrl-C',
  async () => {
    const demo = await startDemo();
    expect(ATTACKS).toHaveLength(5);
    const answers: string[] = [];
    for (const { curl } of ATTACKS) {
      const command = curl(demo.base, demo.rootPem);
      expect(demo.banner).toContain(command);
      answers.push((await run('sh', ['-c', command])).stdout);
    }
    expect(answers[0]).toMatch(/^HTTP\/2 200/);
    expect(answers[1]).toMatch(/^403/);
    expect(answers[2]).toMatch(/^403/);
    expect(answers[3]).toMatch(/403\n$/);
    expect(answers[3]).not.toContain('root:');
    expect(answers[4]).toMatch(/^HTTP\/2 200/);
    expect(answers[4]?.split('\r\n\r\n')[0]).not.toMatch(/^(server|x-powered-by):/im);
    expect(answers[4]).toMatch(/"x-forwarded-for",\s+"127\.0\.0\.1"/);
    expect(await demo.stop()).toBe(0);
  },
);

test.skipIf(!hasComponent('curl'))(
  'curl gets the same app over HTTP/2 and HTTP/1.1, and is redirected from plain HTTP',
  async () => {
    const demo = await startDemo();
    const curl = async (...args: string[]): Promise<string> =>
      (await run('curl', ['-sS', '--cacert', demo.rootPem, ...args])).stdout;
    const seen = '%{http_version} %{http_code} %{url_effective}';
    expect(await curl('--http2', '-o', '/dev/null', '-w', seen, `${demo.base}/`)).toBe(`2 200 ${demo.base}/`);
    expect(await curl('--http1.1', '-o', '/dev/null', '-w', seen, `${demo.base}/`)).toBe(`1.1 200 ${demo.base}/`);
    expect(await curl('-L', '-o', '/dev/null', '-w', seen, `http://localhost:${demo.httpPort}/search?q=1`)).toBe(
      `2 200 ${demo.base}/search?q=1`,
    );
    const login = await curl('-i', '-d', 'user=demo&password=demo', `${demo.base}/login`);
    expect(login).toMatch(new RegExp(`^location: ${demo.base}/`, 'm'));
    expect(login).toMatch(/^set-cookie: session=[^;]+; Path=\/; HttpOnly/m);
    expect(login).not.toContain('127.0.0.1');
  },
);

test.skipIf(!hasComponent('curl'))(
  'the tuning guide holds: a blocked comment, why, an exception, and the comment is taken',
  { timeout: 60_000 },
  async () => {
    const send = async ({ base, rootPem }: Demo, where: string, field: string): Promise<string> => {
      const text = `${field}=<a href="javascript:history.back()">back</a>`;
      const status = ['-sS', '--cacert', rootPem, '-o', '/dev/null', '-w', '%{http_code}'];
      return (await run('curl', [...status, `${base}${where}`, '-d', 'note=1', '--data-urlencode', text])).stdout;
    };
    const demo = await startDemo();
    const gatehouse = (...args: string[]): Promise<Outcome> =>
      runCli(['rules', ...args, '-c', 'run/demo.yaml'], { cwd: demo.folder });
    expect(await send(demo, '/comments', 'comment')).toBe('403');
    const why = await gatehouse('explain', '--last');
    expect(why.stdout).toContain('where   args.comment');
    expect(why.stdout).toMatch(
      /1\. these rules, on these fields, for this path and method\n.*path \/comments; method POST/,
    );
    const before = await readFile(path.join(demo.folder, 'run/demo.yaml'), 'utf8');
    expect(await gatehouse('explain', '--last', '--apply', '1', '--reason', 'comments take HTML')).toMatchObject({
      code: 0,
    });
    const after = await readFile(path.join(demo.folder, 'run/demo.yaml'), 'utf8');
    expect(
      after
        .split('\n')
        .filter((line) => !line.includes('exceptions:') && !line.includes('- { rules:'))
        .join('\n'),
    ).toBe(before);
    const replayed = await gatehouse('replay', 'run/traffic');
    expect(replayed.stdout).toContain('1 that was stopped would pass');
    // The demo watches its file.
    await vi.waitFor(async () => expect(await send(demo, '/comments', 'comment')).toBe('303'), {
      timeout: 15_000,
      interval: 100,
    });
    expect(await send(demo, '/notes', 'text')).toBe('403');
    expect(await demo.stop()).toBe(0);
  },
);

test.skipIf(!hasComponent('h2load'))('h2load finds no failed request', async () => {
  const demo = await startDemo();
  const { stdout } = await run('h2load', ['-n', '2000', '-c', '10', '-m', '10', `${demo.base}/whoami`]);
  expect(stdout).toMatch(/2000 succeeded, 0 failed, 0 errored, 0 timeout/);
});

test.skipIf(!hasComponent('chromium'))(
  'a browser shows the app, with its clock running over WebSocket',
  { timeout: 60_000 },
  async () => {
    const demo = await startDemo();
    const profile = await mkdtemp(path.join(tmpdir(), 'gatehouse-chromium-'));
    onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ];
    flags.push(
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${profile}`,
      '--ignore-certificate-errors',
    );
    const { stdout } = await run('chromium', [...flags, '--virtual-time-budget=4000', '--dump-dom', `${demo.base}/`], {
      timeout: 50_000,
    });
    expect(stdout).toMatch(/<form/);
    expect(stdout).toMatch(/\d{2}:\d{2}:\d{2}/);
    expect((await readFile(demo.rootPem, 'utf8')).length).toBeGreaterThan(0);
  },
);
