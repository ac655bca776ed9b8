// Large bodies pass through a gateway of its own process without making it any larger. `npm run test:transfer` moves a
// whole GiB each way.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { openLocalCa } from '../../src/tls/local-ca.ts';
import { startCli, temporaryFolder } from '../support/cli.ts';
import type { Over } from '../support/client.ts';
import { KINDS, type Kind, startVisited, type Visit } from '../support/visits.ts';
import { makeLeaf } from '../tls/material.ts';

const MIB = 1024 * 1024;
const TOTAL = Number(process.env.TRANSFER_MIB ?? 160) * MIB;
const GROWTH_AT_MOST = 64 * MIB;
const CHUNK = Buffer.alloc(256 * 1024, 'x');
const TIMEOUT_MS = 300_000;

async function pour(into: Writable, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += CHUNK.length) {
    if (!into.write(CHUNK)) await new Promise((resolve) => into.once('drain', resolve));
  }
  into.end();
}

async function measure(from: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of from) bytes += (chunk as Buffer).length;
  return bytes;
}

/** `https`: HTTP/1.1 over TLS, of which each read is a buffer of its own. */
type Behind = Kind | 'https';

const BEHIND: readonly Behind[] = [...KINDS, 'https'];

interface Running {
  readonly port: number;
  readonly ca: string;
  /** Resident bytes, now. */
  rss(): number;
}

/** Takes an upload and says how long it was, or gives as much as a field says. */
function onVisit({ headers, body, answer }: Pick<Visit, 'headers' | 'body' | 'answer'>): void {
  const wanted = Number(headers['x-give'] ?? 0);
  if (wanted > 0) void pour(answer(200, { 'content-type': 'text/plain' }), wanted);
  else void measure(body).then((bytes) => answer().end(String(bytes)));
}

async function startSecure(): Promise<string> {
  const { keyPem: key, certPem: cert } = makeLeaf(['localhost']);
  const server = https.createServer({ key, cert }, (request, response) => {
    onVisit({ headers: request.headers, body: request, answer: () => response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startProcess(behind: Behind, site = ''): Promise<Running> {
  const url = behind === 'https' ? await startSecure() : (await startVisited(behind, onVisit)).url;
  const folder = await temporaryFolder();
  const yaml = `
listen: { https: "127.0.0.1:0", http: false }
workers: 0
admin: { socket: false, http: false }
certificates: { issuer: internal }
logs: { access: false, waf: false }
requestLimits: { body: 2GiB }
upstreams: { app: { servers: ["${url}"], ${behind === 'https' ? 'tls: { verify: false }' : `protocol: ${behind}`} } }
sites: { localhost: { to: app${site} } }`;
  await writeFile(path.join(folder, 'gatehouse.yaml'), yaml);
  const cli = startCli(['run'], { cwd: folder });
  const port = Number(/"https":\["127\.0\.0\.1:(\d+)"/.exec(await cli.said('"msg":"ready"'))?.[1]);
  const status = `/proc/${cli.child.pid}/status`;
  return {
    port,
    ca: openLocalCa(path.join(folder, 'certs')).rootPem,
    rss: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1]) * 1024,
  };
}

async function transfer(
  over: Over,
  { port, ca }: Running,
  direction: 'up' | 'down',
  bytes: number,
  asked: Record<string, string> = {},
): Promise<number> {
  const method = direction === 'up' ? 'POST' : 'GET';
  const fields = { ...asked, ...(direction === 'up' ? {} : { 'x-give': String(bytes) }) };
  let sink: Writable;
  let answer: Promise<Readable>;
  if (over === 'h2') {
    const session = http2.connect(`https://localhost:${port}`, { ca });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/', ':method': method, ...fields }, { endStream: direction === 'down' });
    [sink, answer] = [stream, Promise.resolve(stream)];
  } else {
    const call = https.request({ host: 'localhost', port, ca, method, headers: fields, agent: false });
    [sink, answer] = [call, new Promise((resolve) => call.once('response', resolve))];
  }
  if (direction === 'up') void pour(sink, bytes);
  else sink.end();
  if (direction === 'down') return measure(await answer);
  let text = '';
  for await (const chunk of await answer) text += (chunk as Buffer).toString();
  return Number(text);
}

/** The most that it grew meanwhile, in bytes. */
async function growthOf(gateway: Running, act: () => Promise<void>): Promise<number> {
  const before = gateway.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, gateway.rss());
  }, 20);
  await act();
  clearInterval(sampler);
  if (process.env.TRANSFER_MIB !== undefined) {
    console.info(`${expect.getState().currentTestName}: RSS ${before / MIB} MiB before, ${peak / MIB} MiB at most`);
  }
  return peak - before;
}

const CASES = (['h2', 'http/1.1'] as const).flatMap((over) => BEHIND.map((kind) => [over, kind] as const));

test.skipIf(process.platform !== 'linux').for(CASES)(
  `${TOTAL / MIB} MiB each way over %s, to a backend over %s, as soon as it is ready, while the rules are warmed up`,
  { timeout: TIMEOUT_MS },
  async ([over, kind]) => {
    const gateway = await startProcess(kind);
    const growth = await growthOf(gateway, async () => {
      for (const direction of ['up', 'down'] as const) {
        expect(await transfer(over, gateway, direction, TOTAL)).toBe(TOTAL);
      }
    });
    expect(growth).toBeLessThan(GROWTH_AT_MOST);
  },
);

test.skipIf(process.platform !== 'linux')(
  `${TOTAL / MIB} MiB that are compressed on their way, as soon as it is ready`,
  { timeout: TIMEOUT_MS },
  async () => {
    const gateway = await startProcess('http1', ', compress: true');
    const growth = await growthOf(gateway, async () => {
      expect(await transfer('h2', gateway, 'down', TOTAL, { 'accept-encoding': 'gzip' })).toBeLessThan(TOTAL / 10);
    });
    expect(growth).toBeLessThan(GROWTH_AT_MOST);
  },
);
