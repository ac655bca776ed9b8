// Runs the public suite for HTTP caches (http-tests/cache-tests) against a gateway. The suite is not part of this
// repository: `CACHE_TESTS=folder npm run test:cache`, where the folder holds its `tests`, `server` and `client`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseConfig } from '../../../src/config/load.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';

const ORIGIN_PORT = 18_000;

interface SuiteTest {
  readonly id: string;
  readonly kind?: string;
  readonly browser_only?: boolean;
  readonly name: string;
}

interface Suite {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

type Result = true | readonly [string, string];

const given = process.env.CACHE_TESTS;
if (given === undefined) throw new Error('CACHE_TESTS must name the folder of the suite');
// In a folder of ours, since the suite writes a file of its own.
const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-cache-tests-'));
await symlink(path.resolve(given), path.join(folder, 'suite'));
const load = (file: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(path.join(path.resolve(given), file)).href) as Promise<Record<string, unknown>>;

const origin = spawn(process.execPath, [path.join(folder, 'suite/server/server.mjs')], {
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
sites: { localhost: { to: "http://127.0.0.1:${ORIGIN_PORT}", waf: false, cache: { store: memory } } }`,
  { file: 'cache.yaml', baseDir: folder, env: {} },
);
if (config === undefined) throw new Error('the configuration is wrong');
const gateway = await Gateway.start(config);

try {
  const { runTests, getResults } = (await load('client/runner.mjs')) as {
    runTests: (...args: unknown[]) => Promise<void>;
    getResults: () => Record<string, Result>;
  };
  const suites = (await load('tests/index.mjs')).default as Suite[];
  await runTests(suites, call, false, `https://localhost:${gateway.httpsPort}`);
  report(suites, getResults());
} finally {
  await gateway.stop(0);
  origin.kill();
  await rm(folder, { recursive: true, force: true });
}

/** As much of fetch() as the suite uses: the real one adds Cache-Control of its own to conditional requests. */
function call(
  url: string,
  init: { method?: string; headers?: [string, string][]; body?: string } = {},
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const headers = new Headers(init.headers ?? []);
  const sent = https.request(url, {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(headers),
    rejectUnauthorized: false,
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const fields = new Headers();
      for (let i = 0; i < response.rawHeaders.length; i += 2)
        fields.append(response.rawHeaders[i] as string, response.rawHeaders[i + 1] as string);
      const text = Buffer.concat(chunks).toString();
      resolve({
        status: response.statusCode,
        headers: fields,
        text: () => Promise.resolve(text),
        json: () => Promise.resolve(JSON.parse(text) as unknown),
      });
    });
  });
  sent.end(init.body);
  return promise;
}

function report(suites: readonly Suite[], results: Readonly<Record<string, Result>>): void {
  const totals = new Map<string, { passed: number; all: number }>();
  let wrongReuse = 0;
  for (const { id: suite, tests } of suites) {
    for (const { id, kind = 'required', browser_only: isForBrowsers } of tests) {
      const result = results[id];
      if (isForBrowsers === true || result === undefined) continue;
      const total = totals.getOrInsertComputed(kind, () => ({ passed: 0, all: 0 }));
      total.all++;
      if (result === true) {
        total.passed++;
        continue;
      }
      if (kind === 'required' && result[1].includes('comes from cache')) wrongReuse++;
      console.log(`${kind}  ${suite}/${id}: ${result.join(': ')}`);
    }
  }
  for (const [kind, { passed, all }] of totals) console.log(`${kind}: ${passed} of ${all}`);
  console.log(`wrong reuse: ${wrongReuse}`);
}
