// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/base/errors.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { configOf, someSite } from './reading.ts';

const reference = readFileSync('examples/reference.yaml', 'utf8');

test('the smallest file gets a safe default for everything else', () => {
  const { sites, upstreams, ...rest } = configOf('sites:\n  app.example.com:\n    to: http://127.0.0.1:3000\n');
  expect(rest).toEqual({
    file: '/etc/gatehouse/gatehouse.yaml',
    listen: { https: [{ host: undefined, port: 443 }], http: [{ host: undefined, port: 80 }], proxyProtocol: [] },
    trustedProxies: [],
    workers: configOf(`workers: auto\n${someSite}`).workers,
    shared: undefined,
    admin: { socket: '/etc/gatehouse/run/admin.sock', http: { host: '127.0.0.1', port: 9180 } },
    timeouts: {
      handshakeMs: 10_000,
      headersMs: 10_000,
      bodyMs: 30_000,
      idleMs: 75_000,
      bodyTotalMs: 3_600_000,
      writeMs: 60_000,
      connectionMs: 3_600_000,
      upstreamMs: 60_000,
      streamMs: 3_600_000,
      drainMs: 30_000,
      leaveMs: 0,
      stallMs: 15_000,
    },
    requestLimits: {
      bodyBytes: 104_857_600,
      headerBytes: 16_384,
      headers: 100,
      uriBytes: 8192,
      ranges: 16,
      streams: 128,
      waitingStreams: 64,
      requestsPerConnection: 100_000,
      bodyRate: 256,
      connections: 10_000,
      connectionsPerIp: 256,
      resetsPerIp: 2000,
      unprovenPerIp: 16,
      counters: 200_000,
      delayed: 1000,
    },
    bans: {
      exempt: [],
      drop: 'answer',
      growth: 2,
      longestMs: 604_800_000,
      rememberMs: 86_400_000,
      max: 100_000,
      waf: undefined,
    },
    certificates: {
      storage: '/etc/gatehouse/certs',
      isShared: false,
      issuer: 'acme',
      acme: {
        issuers: [
          {
            directory: 'https://acme-v02.api.letsencrypt.org/directory',
            email: undefined,
            eab: undefined,
            profile: undefined,
            preferredChain: undefined,
            trustedRoots: [],
          },
        ],
        challenges: ['tls-alpn-01', 'http-01'],
        dns: undefined,
        checkEveryMs: 600_000,
        timeoutMs: 30_000,
        onDemand: undefined,
      },
      files: [],
    },
    logs: {
      level: 'info',
      access: 'stdout',
      waf: 'stdout',
      audit: [],
      redact: ['authorization', 'cookie', 'set-cookie'],
      recent: { findings: 1000, bytes: 8 * 2 ** 20 },
    },
  });
  expect(upstreams.get('http://127.0.0.1:3000')).toEqual({
    name: 'http://127.0.0.1:3000',
    servers: [{ url: 'http://127.0.0.1:3000/', weight: 1 }],
    protocol: 'auto',
    balance: 'least-requests',
    hash: { on: { by: 'client.ip' }, factor: 1.25 },
    ejection: { failures: 5, forMs: 30_000, longestMs: 300_000, share: 0.5 },
    retries: {
      attempts: 2,
      onConnect: true,
      onStatus: new Set([502, 503, 504]),
      budget: 0.2,
      minimum: 10,
      keepBodyBytes: 16384,
    },
    slowStartMs: 10_000,
    tls: { ca: undefined, cert: undefined, key: undefined, serverName: undefined, verify: true },
    connectTimeoutMs: 5000,
    resolveEveryMs: 30_000,
    maxConnections: 256,
    maxRequests: 1024,
    maxTunnels: 10_000,
    maxQueue: 1024,
    queueTimeoutMs: 10_000,
  });
  const nothing = { set: new Map(), remove: [] };
  expect(sites).toEqual([
    {
      name: 'app.example.com',
      aliases: [],
      certificate: 'auto',
      path: 'canonical',
      headers: { request: nothing, response: { set: new Map(), remove: ['server', 'x-powered-by'] } },
      routes: [
        {
          match: { path: undefined, method: undefined, header: undefined, query: undefined, client: undefined },
          upstream: 'http://127.0.0.1:3000',
          stripPrefix: undefined,
          access: { allow: [], deny: [] },
          limits: [],
          waf: expect.objectContaining({ mode: 'block', rules: [{ core: true }] }),
          headers: { request: nothing, response: nothing },
        },
      ],
    },
  ]);
});

test('a named upstream has the same defaults as one that is only a URL', () => {
  const config = configOf(
    'upstreams: { app: { servers: "http://a:1" } }\nsites: { x.test: { to: app }, y.test: { to: "http://a:1" } }\n',
  );
  const [named, direct] = [...config.upstreams.values()];
  expect({ ...named, name: '' }).toEqual({ ...direct, name: '' });
});

test('auto is a worker for each core, and none of its own on a single one', () => {
  const cores = availableParallelism();
  expect(configOf(`workers: auto\n${someSite}`).workers).toBe(cores === 1 ? 0 : cores);
  expect(configOf(`workers: 3\n${someSite}`).workers).toBe(3);
});

test('JSON is read as YAML', () => {
  expect(configOf('{"sites":{"a.test":{"to":"http://127.0.0.1:1"}},"workers":0}').sites[0]?.name).toBe('a.test');
});

test('empty sections mean their defaults', () => {
  const sections = [
    'listen',
    'admin',
    'timeouts',
    'requestLimits',
    'certificates',
    'upstreams',
    'logs',
    'trustedProxies',
    'record',
  ];
  const empty = configOf(sections.map((section) => `${section}:\n`).join('') + someSite);
  expect(empty).toEqual(configOf(someSite));
});

test('anchors, aliases and merge keys are followed', () => {
  const { sites } = configOf(`
sites:
  a.test: &base
    headers: { response: { set: { x-a: "1" } } }
    to: http://a:1
  b.test: *base
  c.test: { <<: *base, to: "http://c:1" }
`);
  expect(sites.map((site) => site.routes[0]?.upstream)).toEqual(['http://a:1', 'http://a:1', 'http://c:1']);
  expect(sites[2]?.headers.response.set).toEqual(new Map([['x-a', '1']]));
});

test('the result is frozen all the way down', () => {
  const config = configOf(reference);
  expect(Object.isFrozen(config)).toBe(true);
  expect(() => Object.assign(config.sites[0]?.routes[0]?.match ?? {}, { path: [] })).toThrow(TypeError);
  expect(() => (config.listen.https as unknown[]).push(1)).toThrow(TypeError);
  expect(Object.isFrozen(config.upstreams.get('app')?.servers)).toBe(true);
});

describe('files', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-load-'));

  function write(name: string, content: string | Uint8Array): string {
    const file = path.join(dir, name);
    writeFileSync(file, content);
    return file;
  }

  test('relative paths start at the folder of the file', () => {
    const file = write('a.yaml', `${someSite}logs: { access: logs/access.log, waf: /var/log/waf.log }\n`);
    const { config } = loadConfig(path.relative('.', file), { env: {} });
    expect(config?.file).toBe(file);
    expect(config?.certificates.storage).toBe(path.join(dir, 'certs'));
    expect(config?.admin.socket).toBe(path.join(dir, 'run/admin.sock'));
    expect(config?.logs.access).toEqual({ file: path.join(dir, 'logs/access.log') });
    expect(config?.logs.waf).toEqual({ file: '/var/log/waf.log' });
  });

  test('a text without a file starts at the given folder, and a label is no file', () => {
    const { config } = parseConfig(someSite, { file: '<command line>', baseDir: '/srv', env: {} });
    expect(config?.file).toBeUndefined();
    expect(config?.certificates.storage).toBe('/srv/certs');
    expect(parseConfig('x: 1', { file: '<command line>' }).problems[0]?.file).toBe('<command line>');
  });

  test('a byte order mark and Windows line ends change nothing', () => {
    const file = write('bom.yaml', `\ufeff\r\n${someSite.replace('\n', '\r\n')}bogus: 1\r\n`);
    expect(loadConfig(file, { env: {} }).problems).toMatchObject([{ line: 3, column: 1, source: 'bogus: 1' }]);
  });

  test.for([
    ['missing', () => path.join(dir, 'missing.yaml'), 'there is no such file'],
    ['a folder', () => dir, 'it is a folder'],
    ['not UTF-8', () => write('latin1.yaml', new Uint8Array([0x61, 0xff])), 'it is not UTF-8 text'],
    ['too large', () => write('large.yaml', '#'.repeat(4 * 1024 * 1024 + 1)), 'it is larger than 4194304 bytes'],
  ] as const)('a file that is %s is a problem', ([, file, reason]) => {
    const name = file();
    expect(loadConfig(name, { env: {} })).toEqual({
      config: undefined,
      problems: [
        {
          file: name,
          line: 0,
          column: 0,
          code: 'unreadable-file',
          message: `the configuration file cannot be read: ${reason}`,
        },
      ],
    });
  });
});

describe('whatever it reads, it never throws', () => {
  function check(text: string): void {
    const { config, problems } = parseConfig(text, { file: 'x.yaml', env: {} });
    expect(config === undefined).toBe(problems.length > 0);
    for (const problem of problems) expect(formatProblem(problem)).toContain(problem.message);
  }

  test('arbitrary text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check));
  });

  test('arbitrary pieces of YAML', () => {
    const pieces = [
      'sites',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '*',
      '&a',
      '*a',
      '<<',
      '${',
      '}',
      '!',
      '|',
      '?',
      '#',
      ',',
      '\t',
      'to',
      '1',
      '~',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => check(parts.join(''))),
      { numRuns: 500 },
    );
  });

  test('the reference file with pieces cut out, doubled or replaced', () => {
    const mutation = fc.record({
      at: fc.nat(reference.length),
      length: fc.nat(40),
      put: fc.oneof(
        fc.string({ maxLength: 12 }),
        fc.constantFrom('null', '[]', '{}', '"', ': ', '\n  ', '-1', '*x', '${A}'),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let text = reference;
        for (const { at, length, put } of mutations) text = text.slice(0, at) + put + text.slice(at + length);
        check(text);
      }),
      { numRuns: 100 },
    );
  });

  test('any JSON value in any place of the reference', () => {
    const keys = [
      'listen',
      'trustedProxies',
      'workers',
      'shared',
      'admin',
      'timeouts',
      'requestLimits',
      'certificates',
      'upstreams',
      'sites',
      'logs',
      'record',
    ];
    const inner = [
      'https',
      'http',
      'a.test',
      'app',
      'to',
      'routes',
      'headers',
      'waf',
      'servers',
      'tls',
      'files',
      'match',
      'set',
      'access',
      '__proto__',
    ];
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(fc.constantFrom(...inner), tie('node')),
        fc.array(tie('node'), { maxLength: 2 }),
      ),
    })).node;
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), tree), (value) => check(JSON.stringify(value))));
  });

  test.for([
    ['deep lists', '['.repeat(20_000)],
    ['deep maps', '{a: '.repeat(20_000)],
    ['deep indentation', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['a reference to itself', 'a: &a [*a]'],
    ['a merge of itself', 'sites: &a { <<: *a }'],
    [
      'billions of references',
      Array.from(
        { length: 12 },
        (_, i) =>
          `a${i}: &a${i} [${Array(10)
            .fill(i === 0 ? 'x' : `*a${i - 1}`)
            .join(', ')}]\n`,
      ).join(''),
    ],
    [
      'billions of merges',
      Array.from(
        { length: 30 },
        (_, i) => `a${i}: &a${i} {${i === 0 ? 'x: 1' : `<<: [*a${i - 1}, *a${i - 1}]`}}\n`,
      ).join(''),
    ],
  ] as const)('%s', ([, text]) => {
    check(text);
  });
});

test('names to leave out of recordings add to the usual ones', () => {
  const named = (redact: string): readonly string[] | undefined =>
    configOf(`sites:\n  a.test: { to: http://127.0.0.1:3000 }\nrecord: { redact: ${redact} }\n`).record?.redact;
  expect(named('[PIN]')).toEqual(expect.arrayContaining(['password', 'x-api-key', 'pin']));
  expect(named('false')).toEqual([]);
});
