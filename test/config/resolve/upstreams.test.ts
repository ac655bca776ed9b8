// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import type { UpstreamConfig } from '../../../src/config/model/upstreams.ts';
import { configOf, someSite } from '../reading.ts';

test('servers are texts or maps, alone or in a list; the rest has defaults', () => {
  const { upstreams } = configOf(`upstreams:
  one: { servers: http://a:1 }
  two: { servers: [http://a:1, { url: "https://b/base", weight: 3 }], protocol: h2, balance: random-two, maxConnections: 7 }
${someSite}`);
  expect(upstreams.get('one')).toMatchObject({
    servers: [{ weight: 1 }],
    protocol: 'auto',
    balance: 'least-requests',
    maxConnections: 256,
  });
  const two = upstreams.get('two');
  expect(two?.servers.map(({ url, weight }) => [url, weight])).toEqual([
    ['http://a:1/', 1],
    ['https://b/base', 3],
  ]);
  expect(two).toMatchObject({ protocol: 'h2', balance: 'random-two', maxConnections: 7 });
});

test('names that look like numbers stay in the order of the file', () => {
  const { upstreams } = configOf(
    `upstreams: { b: { servers: "http://a" }, "2": { servers: "http://a" }, "1": { servers: "http://a" } }\n${someSite}`,
  );
  expect([...upstreams.keys()].slice(0, 3)).toEqual(['b', '2', '1']);
});

describe('TLS files are read at load', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'gatehouse-upstreams-'));

  beforeAll(() => {
    const make = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=a',
      '-days',
      '2',
    ];
    for (const name of ['a', 'b']) {
      execFileSync(
        'openssl',
        [...make, '-keyout', path.join(dir, `${name}.key`), '-out', path.join(dir, `${name}.pem`)],
        { stdio: 'ignore' },
      );
    }
    writeFileSync(path.join(dir, 'text'), 'not PEM');
  });

  function read(tls: string): { upstream: UpstreamConfig | undefined; messages: string[] } {
    const text = `upstreams: { a: { servers: "https://a", tls: ${tls} } }\n${someSite}`;
    const { config, problems } = parseConfig(text, { baseDir: dir, env: { SECRET_PATH: '/nowhere/secret' } });
    return { upstream: config?.upstreams.get('a'), messages: problems.map(({ message }) => message) };
  }

  test('their text is in the result', () => {
    const { upstream } = read('{ ca: a.pem, cert: a.pem, key: a.key, serverName: App.Internal, verify: off }');
    const pem = readFileSync(path.join(dir, 'a.pem'), 'utf8');
    expect(upstream?.tls).toEqual({
      ca: pem,
      cert: pem,
      key: readFileSync(path.join(dir, 'a.key'), 'utf8'),
      serverName: 'app.internal',
      verify: false,
    });
  });

  test.for([
    ['{ ca: missing.pem }', 'upstreams.a.tls.ca: "missing.pem" cannot be read: there is no such file'],
    ['{ ca: . }', 'upstreams.a.tls.ca: "." cannot be read: it is a folder'],
    ['{ ca: text }', 'upstreams.a.tls.ca: "text" is not a PEM file with a certificate'],
    ['{ cert: a.pem, key: a.pem }', 'upstreams.a.tls.key: "a.pem" is not a PEM file with a private key'],
    ['{ cert: a.pem, key: b.key }', 'upstreams.a.tls.cert: "a.pem" and its key do not fit together, or cannot be used'],
    ['{ cert: a.pem }', 'upstreams.a.tls: the key "key" is missing beside "cert"'],
    [
      '{ ca: "${SECRET_PATH}" }',
      'upstreams.a.tls.ca: what "${SECRET_PATH}" stands for cannot be read: there is no such file',
    ],
  ] as const)('%s', ([tls, message]) => {
    expect(read(tls).messages).toEqual([message]);
  });
});
