// Many clients at once, with whatever they ask, before an application that changes: nobody gets what is not for him, bytes of
// two wholes, or what had been changed before he asked. FUZZ_RUNS requests, or a few seconds.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startStreamingBackend } from '../support/backend.ts';
import { startGateway } from '../support/world.ts';

const RUNS = process.env.FUZZ_RUNS;
const MAX_MS = RUNS === undefined ? 3000 : Number.POSITIVE_INFINITY;
const LANES = 16;
const PADDED = 1200;
const CONTROLS = [
  'max-age=2',
  'public, max-age=2',
  's-maxage=2',
  'max-age=1, stale-while-revalidate=2',
  'max-age=1, stale-if-error=5',
  'max-age=0, must-revalidate',
  'no-cache',
  'no-store',
  'private, max-age=60',
] as const;
const VARIES = [[], ['accept-language'], ['x-form', 'accept-language'], ['accept-encoding']] as const;

interface Resource {
  readonly control: string;
  readonly vary: readonly string[];
  readonly etag: 'strong' | 'weak' | 'none';
  readonly isCounted: boolean;
  version: number;
}

/** What the application says of an answer, in its body. */
interface Said {
  readonly path: string;
  readonly version: number;
  readonly chosen: string;
  readonly who: string;
}

/** One of the values in so many of a hundred. */
function in100<T extends string>(share: number, ...values: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: 100 - share, arbitrary: fc.constant(undefined) },
    { weight: share, arbitrary: fc.constantFrom(...values) },
  );
}

const wish = fc.record({
  path: fc.nat(35).map((number) => `/${number}`),
  method: in100(10, 'POST', 'HEAD').map((method) => method ?? 'GET'),
  asksIfSame: fc.boolean(),
  headers: fc.record({
    authorization: in100(10, 'Bearer a', 'Bearer b'),
    cookie: in100(10, 'u=a', 'u=b'),
    'accept-language': in100(30, 'de', 'en'),
    'x-form': in100(20, '1', '2'),
    'accept-encoding': in100(40, 'gzip', 'identity', 'br;q=0.5, gzip'),
    range: in100(20, 'bytes=0-9', 'bytes=5-700', 'bytes=600-', 'bytes=-20', 'bytes=5000-'),
    'cache-control': in100(5, 'no-cache', 'max-age=0', 'no-store', 'max-stale=1'),
  }),
});

type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

class Application {
  readonly resources = new Map<string, Resource>();
  /** All wholes that there were, by their strong ETag. */
  readonly wholes = new Map<string, Buffer>();

  constructor() {
    for (let i = 0; i < CONTROLS.length * VARIES.length; i++) {
      this.resources.set(`/${i}`, {
        control: CONTROLS[i % CONTROLS.length] as string,
        vary: VARIES[i % VARIES.length] as readonly string[],
        etag: (['strong', 'weak', 'none'] as const)[(i + Math.floor(i / 9)) % 3] as Resource['etag'],
        isCounted: i % 5 > 1,
        version: 1,
      });
    }
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method, headers } = request;
    const resource = this.resources.get(url) as Resource;
    if (method === 'POST') {
      resource.version++;
      response.writeHead(204).end();
      return;
    }
    const isOne = /private|no-store/.test(resource.control);
    const who = isOne ? headers['x-number'] : (headers.authorization ?? headers.cookie ?? 'nobody');
    const said = { path: url, version: resource.version, chosen: chosenBy(resource, headers), who };
    const plain = Buffer.from(JSON.stringify(said).padEnd(PADDED, `${url} ${resource.version} `));
    const isCoded = resource.vary.includes('accept-encoding') && headers['accept-encoding']?.includes('gzip') === true;
    const body = isCoded ? gzipSync(plain) : plain;
    const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    this.wholes.set(tag, body);
    response.setHeader('cache-control', resource.control).setHeader('content-type', 'text/plain');
    if (resource.vary.length > 0) response.setHeader('vary', resource.vary.join(', '));
    if (resource.etag !== 'none') response.setHeader('etag', resource.etag === 'weak' ? `W/${tag}` : tag);
    if (isCoded) response.setHeader('content-encoding', 'gzip');
    this.#send(response, request, resource, tag, body);
  }

  #send(
    response: ServerResponse,
    { headers, method }: IncomingMessage,
    resource: Resource,
    tag: string,
    body: Buffer,
  ): void {
    if (resource.etag !== 'none' && headers['if-none-match']?.includes(tag) === true) {
      response.writeHead(304).end();
      return;
    }
    const [, first = '', last = ''] = /^bytes=([0-9]*)-([0-9]*)$/.exec(headers.range ?? '') ?? [];
    if (method === 'GET' && first !== '' && resource.etag === 'strong') {
      const to = Math.min(last === '' ? body.length : Number(last), body.length - 1);
      if (Number(first) > to) response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      else
        response
          .writeHead(206, { 'content-range': `bytes ${first}-${to}/${body.length}` })
          .end(body.subarray(Number(first), to + 1));
      return;
    }
    if (resource.isCounted) response.setHeader('content-length', body.length);
    if (method === 'GET') response.write(body.subarray(0, 100));
    setTimeout(() => response.end(method === 'GET' ? body.subarray(100) : undefined), 5);
  }
}

function chosenBy({ vary }: Resource, headers: Readonly<Record<string, string | string[] | undefined>>): string {
  return vary
    .filter((name) => name !== 'accept-encoding')
    .map((name) => headers[name] ?? '')
    .join();
}

test.for(['memory', 'disk'])(
  'nobody gets what is not for him, with a store: %s',
  { timeout: 3_600_000 },
  async (store) => {
    const application = new Application();
    const { url } = await startStreamingBackend((request, response) => {
      request.resume();
      setTimeout(() => application.answer(request, response), request.url?.endsWith('1') === true ? 20 : 1);
    });
    const cache = `{ store: ${store}, maxEntries: 60, wait: 300ms }`;
    const world = await startGateway(`sites: { localhost: { to: "${url}", compress: true, cache: ${cache} } }`);
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    const faults: unknown[] = [];
    /** The version that was there when a change had been answered. */
    const floors = new Map<string, number>();
    const known = new Map<string, string>();
    let count = 0;
    let batches = 0;

    const one = async ({ path, method, headers: wanted, asksIfSame }: Wish): Promise<void> => {
      const resource = application.resources.get(path) as Resource;
      const number = String(++count);
      const floor = floors.get(path) ?? 0;
      const tag = asksIfSame && count % 3 === 0 ? known.get(path) : undefined;
      const given = Object.entries({ ...wanted, 'if-none-match': tag }).filter(([, value]) => value !== undefined);
      const headers: Seen['headers'] = { ...Object.fromEntries(given), 'x-number': number };
      const stream = session.request({ ':path': path, ':method': method, ...headers });
      let got: Seen['got'] = {};
      stream.end();
      const chunks: Buffer[] = [];
      stream.on('response', (fields) => {
        got = fields;
      });
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      if (method === 'POST') floors.set(path, Math.max(floor, resource.version));
      if (method !== 'GET') return;
      const fault = judge(resource, { number, headers, got, body: Buffer.concat(chunks), floor });
      if (fault !== undefined) faults.push([fault, resource, headers, got]);
      if (got.etag !== undefined) known.set(path, got.etag);
    };

    const judge = (resource: Resource, seen: Seen): string | undefined => {
      const { got, headers, body } = seen;
      const status = got[':status'];
      const etag = String(got.etag);
      if (status === 304) return plainTag(etag) === plainTag(headers['if-none-match']) ? undefined : 'a 304 of another';
      if (status === 416) return headers.range === undefined ? 'the 416 of another' : undefined;
      if (status === 206) {
        const [, from, to] = /^bytes ([0-9]+)-([0-9]+)/.exec(String(got['content-range'])) ?? [];
        if (headers.range === undefined) return 'a part that nobody asked for';
        const whole = application.wholes.get(plainTag(etag));
        if (whole === undefined) return resource.etag === 'none' ? undefined : 'a part of what there never was';
        return whole.subarray(Number(from), Number(to) + 1).equals(body) ? undefined : 'other bytes';
      }
      if (status !== 200) return `status ${status}`;
      const coding = got['content-encoding'];
      if (coding !== undefined && headers['accept-encoding']?.includes(String(coding)) !== true)
        return 'a coding nobody asked for';
      const text = (coding === 'gzip' ? gunzipSync(body) : body).toString();
      return text.length < PADDED
        ? 'cut'
        : notFor(resource, seen, JSON.parse(text.slice(0, text.indexOf('}') + 1)) as Said);
    };

    const until = Date.now() + MAX_MS;
    const lanes = Array.from({ length: LANES }, async () => {
      while (Date.now() < until && count < Number(RUNS ?? Number.POSITIVE_INFINITY))
        for (const each of fc.sample(wish, { numRuns: 50, seed: ++batches })) await one(each);
    });
    await Promise.all(lanes);
    session.close();
    expect(faults.slice(0, 3)).toEqual([]);
    expect(world.gateway.runtime.caches.find('localhost')?.counts.hit).toBeGreaterThan(0);
  },
);

interface Seen {
  readonly number: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly got: http2.IncomingHttpHeaders & { readonly ':status'?: number | undefined };
  readonly body: Buffer;
  readonly floor: number;
}

function notFor(resource: Resource, { number, headers, floor }: Seen, said: Said): string | undefined {
  const { control } = resource;
  if (said.chosen !== chosenBy(resource, headers)) return `chosen by "${said.chosen}"`;
  if (said.version < floor) return `version ${said.version}, when there was ${floor}`;
  if (/private|no-store/.test(control)) return said.who === number ? undefined : `of request ${said.who}`;
  const who = headers.authorization ?? headers.cookie ?? 'nobody';
  if (said.who === who || control.includes('public')) return undefined;
  // RFC 9111, 3.5; a cookie counts as much.
  const isProved = [said.who, who].every((each) => each === 'nobody' || each.startsWith('Bearer'));
  return isProved && /s-maxage|must-revalidate/.test(control) ? undefined : `of ${said.who}, for ${who}`;
}

function plainTag(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '');
}
