// Limits as clients see them.
import type { ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import type { RequestOptions } from '../support/client.ts';
import { describeProtocols, request } from '../support/client.ts';
import type { World } from '../support/world.ts';
import { startGateway } from '../support/world.ts';

interface Limited {
  /** Of the site, as a flow list. */
  readonly limits: string;
  readonly site?: string;
  readonly top?: string;
  readonly answer?: (request: { url: string }, response: ServerResponse) => void;
}

async function startLimited({ limits, site = '', top = '', answer }: Limited): Promise<World & { asked(): number }> {
  const backend = await startBackend(answer);
  const world = await startGateway(`${top}
sites:
  localhost:
    to: ${backend.url}
    limits: ${limits}
${site}`);
  return { ...world, asked: () => backend.seen.length };
}

async function statuses(world: World, count: number, options: RequestOptions = {}): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await request('http/1.1', world, options)).status);
  return found;
}

/** From a proxy that is believed. */
const behindProxy = 'trustedProxies: [127.0.0.1]';
const from = (client: string): RequestOptions => ({ headers: { 'x-forwarded-for': client } });

describeProtocols('a limit', (over) => {
  test('refuses what goes over its rate, says when to come back, and leaves the backend alone', async () => {
    const world = await startLimited({ limits: '[{ name: few, rate: 2/h }]' });
    expect((await request(over, world)).status).toBe(200);
    expect((await request(over, world)).headers.ratelimit).toBeUndefined();
    for (let i = 0; i < 2; i++) {
      const { status, headers, body } = await request(over, world);
      expect(status).toBe(429);
      expect(headers['ratelimit-policy']).toBe('"few";q=2;w=3600');
      expect(headers.ratelimit).toMatch(/^"few";r=0;t=3(?:600|59\d)$/);
      expect(headers['retry-after']).toBe(/t=(\d+)/.exec(String(headers.ratelimit))?.[1]);
      expect(body).toContain('Too Many Requests');
    }
    expect(world.asked()).toBe(2);
    const records = await world.accessRecords(4);
    expect(records.map(({ reason, limit }) => [reason, limit])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      ['limit', 'few'],
      ['limit', 'few'],
    ]);
  });

  test('with tell: always every answer says what is left, and no client can say it itself', async () => {
    const world = await startLimited({ limits: '[{ name: a, rate: [5/h, 9/d], tell: always }]' });
    const { headers } = await request(over, world);
    expect(headers['ratelimit-policy']).toBe('"a";q=5;w=3600, "a-2";q=9;w=86400');
    expect(headers.ratelimit).toMatch(/^"a";r=4;t=3\d+, "a-2";r=8;t=8\d+$/);
  });

  test('a HEAD and an upload are refused like any other', async () => {
    const world = await startLimited({ limits: '[{ rate: 1/h }]' });
    await request(over, world);
    expect(await request(over, world, { method: 'HEAD' })).toMatchObject({ status: 429, body: '' });
    const upload = { method: 'POST', body: 'x'.repeat(200_000) };
    expect((await request(over, world, upload)).status).toBe(429);
  });
});

describe('who is counted', () => {
  test('the client, not the proxy; IPv6 clients by /64', async () => {
    const world = await startLimited({ limits: '[{ rate: 1/h }]', top: behindProxy });
    expect(await statuses(world, 2, from('198.51.100.1'))).toEqual([200, 429]);
    expect(await statuses(world, 1, from('198.51.100.2'))).toEqual([200]);
    expect(await statuses(world, 1, from('2001:db8:0:1::1'))).toEqual([200]);
    expect(await statuses(world, 1, from('2001:db8:0:1:ffff::2'))).toEqual([429]);
    expect(await statuses(world, 1, from('2001:db8:0:2::1'))).toEqual([200]);
  });

  test('nobody escapes by fields that only a proxy may send', async () => {
    const world = await startLimited({ limits: '[{ rate: 1/h }]' });
    expect(await statuses(world, 1, from('198.51.100.1'))).toEqual([200]);
    for (const name of [
      'x-forwarded-for',
      'forwarded',
      'x-real-ip',
      'cf-connecting-ip',
      'true-client-ip',
      'client-ip',
    ]) {
      const value = name === 'forwarded' ? 'for=198.51.100.77' : '198.51.100.77';
      expect([name, ...(await statuses(world, 1, { headers: { [name]: value } }))]).toEqual([name, 429]);
    }
  });

  test('behind a proxy, what the client wrote to the left does not count', async () => {
    const world = await startLimited({ limits: '[{ rate: 1/h }]', top: behindProxy });
    expect(await statuses(world, 1, from('6.6.6.6, 198.51.100.1'))).toEqual([200]);
    expect(await statuses(world, 1, from('7.7.7.7, 198.51.100.1'))).toEqual([429]);
  });

  test('a header; and without it as the limit says', async () => {
    const world = await startLimited({
      limits: `
      - { name: a, match: { path: /a }, key: "header:x-api-key", rate: 1/h }
      - { name: b, match: { path: /b }, key: "header:x-api-key", rate: 1/h, without: pass }
      - { name: c, match: { path: /c }, key: "header:x-api-key", rate: 1/h, without: refuse }`,
    });
    const by = (key: string) => ({ path: '/a', headers: { 'x-api-key': key } });
    expect(await statuses(world, 2, by('one'))).toEqual([200, 429]);
    expect(await statuses(world, 2, by('two'))).toEqual([200, 429]);
    expect(await statuses(world, 2, { path: '/a' })).toEqual([200, 429]);
    expect(await statuses(world, 2, { path: '/b' })).toEqual([200, 200]);
    expect(await statuses(world, 1, { path: '/c' })).toEqual([403]);
  });

  test('paths apart, and the site as a whole', async () => {
    const world = await startLimited({
      limits: '[{ name: path, key: [client.ip, path], rate: 1/h }, { name: all, key: site, rate: 3/h }]',
      top: behindProxy,
    });
    expect(await statuses(world, 2, { path: '/a', ...from('198.51.100.1') })).toEqual([200, 429]);
    expect(await statuses(world, 1, { path: '/b', ...from('198.51.100.1') })).toEqual([200]);
    expect(await statuses(world, 2, { path: '/a', ...from('198.51.100.2') })).toEqual([200, 429]);
    // What another limit refused has cost the site nothing, and now it is full.
    expect(await statuses(world, 1, { path: '/c', ...from('198.51.100.3') })).toEqual([429]);
  });

  test('only requests that match, and a route may have none', async () => {
    const world = await startLimited({
      limits: '[{ match: { path: /login, method: POST }, rate: 1/h }]',
      site: '    routes: [{ match: { path: /login, header: { x-inside: "1" } }, limits: off }]\n',
    });
    const login = { method: 'POST', path: '/login', body: 'a=1' };
    expect(await statuses(world, 2, login)).toEqual([200, 429]);
    expect(await statuses(world, 2, { path: '/login' })).toEqual([200, 200]);
    expect(await statuses(world, 2, { ...login, headers: { 'x-inside': '1' } })).toEqual([200, 200]);
  });
});

test('only failed logins count', async () => {
  const world = await startLimited({
    limits: '[{ rate: 3/h, cost: { "401, 403": 1 } }]',
    answer: ({ url }, response) => {
      response.statusCode = url === '/good' ? 200 : 401;
      response.end();
    },
  });
  expect(await statuses(world, 6, { path: '/good' })).toEqual([200, 200, 200, 200, 200, 200]);
  expect(await statuses(world, 2, { path: '/bad' })).toEqual([401, 401]);
  expect(await statuses(world, 5, { path: '/good' })).toEqual([200, 200, 200, 200, 200]);
  expect(await statuses(world, 2, { path: '/bad' })).toEqual([401, 429]);
  expect(await statuses(world, 1, { path: '/good' })).toEqual([429]);
});

test('many failed logins at once are not more than the limit', async () => {
  const world = await startLimited({
    limits: '[{ rate: 3/h, cost: { 401: 1 } }]',
    answer: (_, response) => {
      response.statusCode = 401;
      response.end();
    },
  });
  const answers = await Promise.all(Array.from({ length: 12 }, () => request('http/1.1', world)));
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(3);
});

test('an answer may cost more than one', async () => {
  const world = await startLimited({
    limits: '[{ rate: 10/h, cost: { 500-599: 5, 200: 1 } }]',
    answer: ({ url }, response) => {
      response.statusCode = url === '/good' ? 200 : 500;
      response.end();
    },
  });
  expect(await statuses(world, 1, { path: '/bad' })).toEqual([500]);
  await vi.waitFor(async () => expect(await statuses(world, 4, { path: '/good' })).toEqual([200, 200, 200, 200]));
  expect(await statuses(world, 2, { path: '/good' })).toEqual([200, 429]);
});

describe('a bound on what is under way', () => {
  async function withHeldRequests(limits: string, top = ''): Promise<{ world: World; held: ServerResponse[] }> {
    const held: ServerResponse[] = [];
    const world = await startLimited({ limits, top, answer: (_, response) => void held.push(response) });
    return { world, held };
  }

  test('of each client: one that has left or is served makes room', async () => {
    const { world, held } = await withHeldRequests('[{ name: two, concurrent: 2 }]', behindProxy);
    const first = request('h2', world, from('198.51.100.1'));
    const second = request('h2', world, from('198.51.100.1'));
    await vi.waitFor(() => expect(held).toHaveLength(2));
    const third = await request('h2', world, from('198.51.100.1'));
    expect(third.status).toBe(429);
    expect(third.headers['ratelimit-policy']).toBe('"two";q=2;qu="concurrent-requests"');
    const other = request('h2', world, from('198.51.100.2'));
    await vi.waitFor(() => expect(held).toHaveLength(3));
    held[0]?.end('done');
    expect((await first).status).toBe(200);
    const fourth = request('h2', world, from('198.51.100.1'));
    await vi.waitFor(() => expect(held).toHaveLength(4));
    for (const response of held) response.end();
    await Promise.all([second, other, fourth]);
  });

  test('of the site: whoever comes then is told that it is full', async () => {
    const { world, held } = await withHeldRequests('[{ key: site, concurrent: 1 }]');
    const first = request('h2', world);
    await vi.waitFor(() => expect(held).toHaveLength(1));
    expect(await request('h2', world)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    held[0]?.end();
    await first;
  });

  test('a request that another limit refuses takes no place', async () => {
    const { world, held } = await withHeldRequests('[{ concurrent: 2 }, { name: b, match: { path: /b }, rate: 1/h }]');
    const first = request('h2', world, { path: '/b' });
    await vi.waitFor(() => expect(held).toHaveLength(1));
    for (let i = 0; i < 3; i++) expect((await request('h2', world, { path: '/b' })).status).toBe(429);
    const second = request('h2', world);
    await vi.waitFor(() => expect(held).toHaveLength(2));
    for (const response of held) response.end();
    await Promise.all([first, second]);
  });
});

describe('a limit that delays', () => {
  test('lets a request wait for the next window', async () => {
    const world = await startLimited({ limits: '[{ rate: 10/s, burst: 1, delay: 30s }]' });
    expect(await statuses(world, 4)).toEqual([200, 200, 200, 200]);
  });

  test('refuses at once what would wait for too long', async () => {
    const world = await startLimited({ limits: '[{ rate: 1/h, delay: 1s }]' });
    expect(await statuses(world, 2)).toEqual([200, 429]);
  });

  test('gives the place of a client that leaves to another', async () => {
    const world = await startLimited({
      limits: '[{ rate: 2/min, burst: 1, delay: 1m }]',
      top: 'requestLimits: { delayed: 1 }',
    });
    const untilWaiting = (count: number) => vi.waitFor(() => expect(world.gateway.load.requests).toBe(count));
    expect(await statuses(world, 1)).toEqual([200]);
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    onTestFinished(() => session.destroy());
    const first = session.request({ ':path': '/' }).on('error', () => {});
    await untilWaiting(1);
    expect(await statuses(world, 1)).toEqual([429]);
    first.close(http2.constants.NGHTTP2_CANCEL);
    await untilWaiting(0);
    session.request({ ':path': '/' }).on('error', () => {});
    await untilWaiting(1);
    expect(await statuses(world, 1)).toEqual([429]);
  });

  test('no more wait than may', async () => {
    const world = await startLimited({
      limits: '[{ rate: 1/min, delay: 1m }]',
      top: 'requestLimits: { delayed: 0 }',
    });
    expect(await statuses(world, 2)).toEqual([200, 429]);
  });
});

describe('who may come in at all', () => {
  test('allow and deny', async () => {
    const world = await startLimited({
      limits: '[]',
      top: behindProxy,
      site: `    access: { allow: [198.51.100.0/24, "2001:db8::/32"], deny: [198.51.100.66] }
    routes: [{ match: { path: /open }, access: { allow: off } }]\n`,
    });
    const of = async (client: string, path = '/') => (await statuses(world, 1, { path, ...from(client) }))[0];
    expect(await of('198.51.100.1')).toBe(200);
    expect(await of('2001:db8:9::1')).toBe(200);
    expect(await of('198.51.100.66')).toBe(403);
    expect(await of('203.0.113.1')).toBe(403);
    expect(await of('203.0.113.1', '/open')).toBe(200);
    expect(await of('198.51.100.66', '/open')).toBe(403);
    expect(world.asked()).toBe(3);
  });
});
