// Several processes are one gateway: to clients, to whoever is limited or banned, and to the operator.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { get, LOCAL, pidsOf, startWorkers, type Workers } from '../support/workers.ts';

const LIMITED = ', limits: [{ name: few, match: { path: /few }, rate: 3/min }]';

describe('two workers', () => {
  test('count together, ban together, and are told of as one', async () => {
    const world = await startWorkers({ site: LIMITED });
    const [one = 0, two = 0] = await pidsOf(world);
    expect(await world.onlyBy(one, async () => [await get(world, '/few'), await get(world, '/few')])).toEqual([
      200, 200,
    ]);
    expect(await world.onlyBy(two, async () => [await get(world, '/few'), await get(world, '/few')])).toEqual([
      200, 429,
    ]);
    // Each has some of the figures; together they are what happened.
    const { text } = await world.ask('GET', '/metrics');
    expect(text).toContain('gatehouse_requests_total{status="2xx"} 3\n');
    expect(text).toContain('gatehouse_requests_total{status="4xx"} 1\n');
    expect(text).toContain('gatehouse_build_info{version="0.1.0"} 1\n');
    expect(text).toContain('gatehouse_workers{state="ready"} 2\n');
    const { workers, pid, load } = await world.status();
    expect(pid).toBe(world.running.child.pid);
    expect(load).toEqual({ connections: 0, requests: 0 });
    expect(workers?.map(({ worker, state, isLead, deaths }) => ({ worker, state, isLead, deaths }))).toEqual([
      { worker: 1, state: 'ready', isLead: true, deaths: 0 },
      { worker: 2, state: 'ready', isLead: false, deaths: 0 },
    ]);
    await world.ask('POST', '/bans/add', { address: '127.0.0.1', for: '1h', reason: 'a test' });
    expect(await world.onlyBy(one, () => get(world))).toBe(403);
    expect(await world.onlyBy(two, () => get(world))).toBe(403);
    await world.ask('POST', '/bans/remove', { address: '127.0.0.1' });
    expect(await world.onlyBy(two, () => get(world))).toBe(200);
    // A ban outlives the worker that was told of it, and the one that comes knows it.
    await world.ask('POST', '/bans/add', { address: '127.0.0.1', for: '1h', reason: 'a test' });
    process.kill(one, 'SIGKILL');
    const after = await world.until((all) => all.every(({ state, pid }) => state === 'ready' && pid !== one));
    expect(await world.onlyBy(after[0]?.pid ?? 0, () => get(world))).toBe(403);
    expect(JSON.parse((await world.ask('GET', '/bans')).text)).toHaveLength(1);
    // What the dead one had counted is still there: three, and the one after the ban was lifted.
    const later = (await world.ask('GET', '/metrics')).text;
    expect(later).toContain('gatehouse_requests_total{status="2xx"} 4\n');
    expect(later).toContain('gatehouse_worker_deaths_total{cause="signal"} 1\n');
  });

  test('know together how many requests are under way, and what a dead one had is free', async () => {
    const held: ServerResponse[] = [];
    const backend = await startBackend((_, response) => void held.push(response));
    const world = await startWorkers({ to: backend.url, site: ', limits: [{ concurrent: 2 }]' });
    const [one = 0, two = 0] = await pidsOf(world);
    const hold = async (pid: number): Promise<readonly Promise<unknown>[]> => {
      const before = held.length;
      return world.onlyBy(pid, async () => {
        const answer = get(world).catch((error: Error) => error);
        await vi.waitFor(() => expect(held).toHaveLength(before + 1));
        return [answer];
      });
    };
    const first = await hold(one);
    const second = await hold(two);
    for (const pid of [one, two]) expect(await world.onlyBy(pid, () => get(world))).toBe(429);
    held[0]?.end();
    expect(await Promise.all(first)).toEqual([200]);
    const third = await hold(two);
    expect(await world.onlyBy(one, () => get(world))).toBe(429);
    process.kill(two, 'SIGKILL');
    await Promise.all([...second, ...third]);
    const fourth = await hold(one);
    const fifth = await hold(one);
    expect(await world.onlyBy(one, () => get(world))).toBe(429);
    for (const response of held) response.end();
    expect(await Promise.all([...fourth, ...fifth])).toEqual([200, 200]);
  });

  test('resume each other’s sessions, and those of a worker that has gone', async () => {
    const world = await startWorkers();
    const [one = 0, two = 0] = await pidsOf(world);
    const session = await world.onlyBy(one, () => sessionOf(world));
    expect(await world.onlyBy(two, () => isResumed(world, session))).toBe(true);
    process.kill(two, 'SIGKILL');
    const after = await world.until((all) => all.every(({ state, pid }) => state === 'ready' && pid !== two));
    expect(await world.onlyBy(after[1]?.pid ?? 0, () => isResumed(world, session))).toBe(true);
  });
});

test('what one of the workers found is explained by whoever is asked', async () => {
  const world = await startWorkers({ site: ', routes: [{ match: { path: /guarded }, waf: { mode: detect } }]' });
  const [one = 0, two = 0] = await pidsOf(world);
  const attack = '/guarded?id=1%20UNION%20SELECT%20password%20FROM%20users';
  for (const pid of [one, two]) expect(await world.onlyBy(pid, () => get(world, attack))).toBe(200);
  const findings = JSON.parse((await world.ask('GET', '/rules/findings')).text) as { requestId: string }[];
  expect(findings).toHaveLength(2);
  for (const { requestId } of findings) {
    const { text } = await world.ask('POST', '/rules/explain', { requestId });
    expect(JSON.parse(text)).toMatchObject({ requestId });
  }
  expect((await world.ask('POST', '/rules/explain', { requestId: 'nobody' })).text).toBe('null\n');
});

async function connect({ port }: Workers, session?: Buffer): Promise<tls.TLSSocket> {
  const options = session === undefined ? {} : { session };
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

async function sessionOf(world: Workers): Promise<Buffer> {
  const socket = await connect(world);
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

async function isResumed(world: Workers, session: Buffer): Promise<boolean> {
  const socket = await connect(world, session);
  const isReused = socket.isSessionReused();
  socket.destroy();
  return isReused;
}

test('what one worker throws out of its cache the others do not serve any more', async () => {
  let version = 0;
  const { url } = await startBackend((request, response) => {
    if (request.method === 'POST') version++;
    response.writeHead(200, { 'cache-control': 'max-age=600' }).end(`version ${version}`);
  });
  const world = await startWorkers({ to: url, site: ', cache: true' });
  const [one = 0, two = 0] = await pidsOf(world);
  const { port } = world;
  const text = (pid: number, method = 'GET'): Promise<string> => world.onlyBy(pid, () => textOf(port, method));
  expect([await text(one), await text(two)]).toEqual(['version 0', 'version 0']);
  await text(one, 'POST');
  await vi.waitFor(async () => expect([await text(one), await text(two)]).toEqual(['version 1', 'version 1']));
});

function textOf(port: number, method: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  https
    .request({ host: '127.0.0.1', port, servername: 'localhost', method, agent: false, ...LOCAL }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    })
    .on('error', reject)
    .end();
  return promise;
}
