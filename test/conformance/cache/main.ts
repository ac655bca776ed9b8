// Runs the public suite for HTTP caches (http-tests/cache-tests) against a gateway, over HTTP/2. The suite is not part of this
// repository: see README.md beside this file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Agent, type Dispatcher, request, setGlobalDispatcher } from 'undici';
import { parseConfig } from '../../../src/config/load.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';

const ORIGIN_PORT = 18_000;

interface SuiteTest {
  readonly id: string;
  readonly kind?: string;
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
}

interface Suite {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

type Result = true | readonly [string, string];

const given = process.env.CACHE_TESTS;
if (given === undefined) throw new Error('CACHE_TESTS must name the folder of the suite');
const suiteFolder = path.resolve(given);
const engine = existsSync(path.join(suiteFolder, 'test-engine')) ? 'test-engine/' : '';
// In a folder of ours, since the suite writes a file of its own.
const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-cache-tests-'));
await symlink(suiteFolder, path.join(folder, 'suite'));
const load = (file: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(path.join(suiteFolder, file)).href) as Promise<Record<string, unknown>>;

const origin = spawn(process.execPath, [path.join(folder, `suite/${engine}server/server.mjs`)], {
  cwd: folder,
  env: {
    ...process.env,
    npm_config_protocol: 'http',
    npm_config_port: String(ORIGIN_PORT),
    npm_config_pidfile: path.join(folder, 'origin.pid'),
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(origin.stdout, 'data');
const { config } = parseConfig(
  `listen: { https: "127.0.0.1:0", http: false }
admin: { socket: false, http: false }
certificates: { issuer: internal, storage: ${folder}/certs }
logs: { level: silent, access: false, waf: false }
sites: { localhost: { to: "http://127.0.0.1:${ORIGIN_PORT}", waf: false, cache: ${process.env.CACHE ?? '{ store: memory }'} } }`,
  { file: 'cache.yaml', baseDir: folder, env: {} },
);
if (config === undefined) throw new Error('the configuration is wrong');
const gateway = await Gateway.start(config);

// Where the suite looks for interim responses it puts a handler of its own between itself and this.
setGlobalDispatcher(new Agent({ allowH2: true, connect: { rejectUnauthorized: false } }));
Object.assign(globalThis, { fetch: call });

try {
  const { runTests, getResults } = (await load(`${engine}client/runner.mjs`)) as {
    runTests: (...args: unknown[]) => Promise<void>;
    getResults: () => Record<string, Result>;
  };
  const suites = (await load('tests/index.mjs')).default as Suite[];
  const url = `https://localhost:${gateway.httpsPort}`;
  // Older releases are told what to fetch with.
  await (runTests.length === 4 ? runTests(suites, call, false, url, 100) : runTests(suites, false, url, 100));
  report(suites, getResults());
} finally {
  await gateway.stop(0);
  origin.kill();
  await rm(folder, { recursive: true, force: true });
}

interface Init {
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: [string, string][];
  readonly body?: string;
  readonly dispatcher?: Dispatcher;
}

/** As much of fetch() as the suite uses: the real one adds Cache-Control of its own to conditional requests. */
async function call(url: string, init: Init = {}): Promise<unknown> {
  const { statusCode, headers, body } = await request(url, {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init.headers ?? [])),
    body: init.body ?? null,
    ...(init.dispatcher === undefined ? {} : { dispatcher: init.dispatcher }),
  });
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const each of [value ?? []].flat()) fields.append(name, each);
  }
  const text = await body.text();
  return {
    status: statusCode,
    headers: fields,
    text: () => Promise.resolve(text),
    json: () => Promise.resolve(JSON.parse(text) as unknown),
  };
}

function report(suites: readonly Suite[], results: Readonly<Record<string, Result>>): void {
  const totals = new Map<string, { passed: number; whole: number; all: number }>();
  let wrongReuse = 0;
  const tests = new Map(suites.flatMap((suite) => suite.tests.map((test) => [test.id, test])));
  const isWhole = (id: string): boolean =>
    results[id] === true && (tests.get(id)?.depends_on ?? []).every((other) => isWhole(other));
  for (const { id: suite, tests: those } of suites) {
    for (const { id, kind = 'required', browser_only: isForBrowsers } of those) {
      const result = results[id];
      if (isForBrowsers === true || result === undefined) continue;
      const total = totals.getOrInsertComputed(kind, () => ({ passed: 0, whole: 0, all: 0 }));
      total.all++;
      if (isWhole(id)) total.whole++;
      if (result === true) {
        total.passed++;
        continue;
      }
      if (kind === 'required' && result[1].includes('comes from cache')) wrongReuse++;
      console.log(`${kind}  ${suite}/${id}: ${result.join(': ')}`);
    }
  }
  for (const [kind, { passed, whole, all }] of totals)
    console.log(`${kind}: ${passed} of ${all}, ${whole} with all that they depend on`);
  console.log(`wrong reuse: ${wrongReuse}`);
}
