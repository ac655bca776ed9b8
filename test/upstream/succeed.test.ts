import { describe, expect, test } from 'vitest';
import type { Backend } from '../support/backend.ts';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { answer, startFrameBackend } from '../support/frame-backend.ts';
import { setting } from '../support/frames.ts';
import { ask, groupConfig, groupOf, send } from './group.ts';

const MAX_CONCURRENT_STREAMS = 3;

const named = (name: string): Promise<Backend> => startBackend((_, response) => void response.end(name));
const list = (servers: readonly { url: string }[]): string => servers.map(({ url }) => `"${url}"`).join(', ');

describe('a group by another configuration', () => {
  test('keeps servers that stay, with their connections', async () => {
    const [a, b, c] = [await named('a'), await named('b'), await named('c')];
    const before = groupOf(`{ balance: round-robin, servers: [${list([a, b])}] }`);
    for (let i = 0; i < 4; i++) await ask(before);
    const after = before.succeed(
      groupConfig(`{ balance: round-robin, servers: [${list([b, c])}], maxConnections: 7 }`),
    );
    expect(after.backends[0]).toBe(before.backends[1]);
    expect(after.backends[0]?.settings.maxConnections).toBe(7);
    const seen = new Set<string>();
    // The new one begins with a small share.
    for (let i = 0; i < 500 && seen.size < 2; i++) seen.add(await ask(after));
    expect(seen).toEqual(new Set(['b', 'c']));
    expect([a, b, c].map(({ connections }) => connections.count)).toEqual([1, 1, 1]);
    after.close();
  });

  test('closes with itself what it took over, and not what it left', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const before = groupOf(`{ balance: round-robin, servers: [${list([a, b])}] }`);
    for (let i = 0; i < 2; i++) await ask(before);
    const after = before.succeed(groupConfig(`{ servers: [${list([b])}] }`));
    await expect.poll(() => before.backends[0]?.connections).toBe(0);
    before.close();
    expect(before.backends[1]?.connections).toBe(1);
    after.close();
    await expect.poll(() => before.backends[1]?.connections).toBe(0);
  });

  test('lets a server that goes finish what it was given, and shows it until then', async () => {
    const held: (() => void)[] = [];
    const leaving = await startStreamingBackend((_, response) => void held.push(() => response.end('late')));
    const staying = await named('staying');
    const before = groupOf(`{ servers: [${list([leaving])}] }`);
    const late = ask(before);
    await expect.poll(() => held.length).toBe(1);
    const after = before.succeed(groupConfig(`{ servers: [${list([staying])}] }`));
    expect(after.servers.map(({ condition }) => condition.state)).toEqual(['up', 'draining']);
    expect(await ask(after)).toBe('staying');
    held[0]?.();
    expect(await late).toBe('late');
    await expect.poll(() => after.servers.length).toBe(1);
    after.close();
  });

  test('keeps no connection over HTTP/2 that was made for calls that waited at a server that goes', async () => {
    const held: (() => void)[] = [];
    const settings = setting(MAX_CONCURRENT_STREAMS, 1);
    const leaving = await startFrameBackend(
      ({ stream, socket }) => void held.push(() => socket.write(answer(stream, 'late'))),
      { settings },
    );
    const staying = await named('staying');
    const before = groupOf(`{ protocol: h2, maxConnections: 1, servers: [${list([leaving])}] }`);
    const late = Promise.all([ask(before), ask(before), ask(before)]);
    await expect.poll(() => held.length).toBe(1);
    const after = before.succeed(groupConfig(`{ servers: [${list([staying])}] }`));
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => held.length).toBe(i + 1);
      held[i]?.();
    }
    expect(await late).toEqual(['late', 'late', 'late']);
    await expect.poll(() => before.backends[0]?.connections).toBe(0);
    after.close();
  });

  test('takes a server that is put back while it still finishes for the same: its bounds hold', async () => {
    const held: (() => void)[] = [];
    const back = await startStreamingBackend((_, response) => void held.push(() => response.end('back')));
    const staying = await named('staying');
    const yaml = `{ maxConnections: 2, servers: [${list([back])}] }`;
    const before = groupOf(yaml);
    const early = [ask(before), ask(before)];
    await expect.poll(() => held.length).toBe(2);
    const between = before.succeed(groupConfig(`{ servers: [${list([staying])}] }`));
    const after = between.succeed(groupConfig(yaml));
    expect(after.servers.map(({ condition }) => condition.state)).toEqual(['up']);
    const later = [ask(after), ask(after)];
    before.close();
    between.close();
    expect(after.backends[0]?.waiting).toBe(2);
    for (const release of held.splice(0)) release();
    expect(await Promise.all(early)).toEqual(['back', 'back']);
    await expect.poll(() => held.length).toBe(2);
    for (const release of held.splice(0)) release();
    expect(await Promise.all(later)).toEqual(['back', 'back']);
    expect([back.connections.count, after.backends[0]?.connections]).toEqual([2, 2]);
    after.close();
    await expect.poll(() => after.backends[0]?.connections).toBe(0);
  });

  test('gives one that is put back while it was ejected another chance, and looks its name up again', async () => {
    const clock = new ManualClock();
    const held: (() => void)[] = [];
    const bad = await startStreamingBackend((request, response) => {
      if (request.method === 'PUT') held.push(() => response.end('late'));
      else response.writeHead(503).end();
    });
    const good = await named('good');
    let asked = 0;
    const lookup = async (): Promise<{ address: string; family: number }[]> => {
      asked++;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const rest = 'retries: false, slowStart: 0, ejection: { failures: 1, for: 10s }';
    const both = `{ balance: round-robin, servers: ["http://bad.test:${bad.port}", ${list([good])}], ${rest} }`;
    const before = groupOf(both, { clock, lookup });
    before.start();
    const late = ask(before, { method: 'PUT' });
    await expect.poll(() => held.length).toBe(1);
    for (let i = 0; i < 2; i++) await ask(before);
    expect(before.backends[0]?.condition.state).toBe('ejected');
    const between = before.succeed(groupConfig(`{ servers: [${list([good])}] }`));
    const known = asked;
    const after = between.succeed(groupConfig(both));
    expect(after.backends[0]).toBe(before.backends[0]);
    expect(after.backends[0]?.condition.state).toBe('up');
    await expect.poll(() => asked).toBe(known + 1);
    held[0]?.();
    expect(await late).toBe('late');
    after.close();
    expect(clock.pending).toBe(0);
  });

  test('remembers who is out', async () => {
    const clock = new ManualClock();
    const bad = await startBackend((_, response) => void response.writeHead(503).end());
    const good = await named('good');
    const yaml = `{ balance: round-robin, servers: [${list([bad, good])}], ejection: { failures: 1, for: 10s } }`;
    const before = groupOf(yaml, { clock });
    const changes: string[] = [];
    before.start(({ to }) => changes.push(to));
    for (let i = 0; i < 2; i++) expect(await ask(before)).toBe('good');
    const after = before.succeed(groupConfig(yaml));
    for (let i = 0; i < 6; i++) expect((await send(after)).servers).toEqual([good.url]);
    clock.advance(10_000);
    expect(after.backends[0]?.condition.state).toBe('up');
    expect(changes).toEqual(['ejected', 'up']);
    after.close();
  });

  test('forgets what checks have said when there are none any more', async () => {
    const clock = new ManualClock();
    const sick = await startBackend((_, response) => void response.writeHead(500).end());
    const before = groupOf(`{ servers: [${list([sick])}], health: { path: /up } }`, { clock });
    before.start();
    await expect.poll(() => before.backends[0]?.condition.state).toBe('down');
    const after = before.succeed(groupConfig(`{ servers: [${list([sick])}] }`));
    expect(after.backends[0]?.condition.state).toBe('up');
    expect(clock.pending).toBe(0);
    after.close();
  });

  test('does not share connections that are spoken to otherwise', async () => {
    const app = await named('a');
    const before = groupOf(`{ servers: [${list([app])}] }`);
    await ask(before);
    const after = before.succeed(groupConfig(`{ servers: [${list([app])}], tls: { verify: false } }`));
    expect(after.backends[0]).not.toBe(before.backends[0]);
    expect(await ask(after)).toBe('a');
    after.close();
  });

  test('gives a server that is new a growing share, and one that stays its whole', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const before = groupOf(`{ servers: [${list([a])}] }`, { clock: new ManualClock() });
    expect(before.backends[0]?.share).toBe(1);
    const after = before.succeed(groupConfig(`{ servers: [${list([a, b])}] }`));
    expect(after.backends.map(({ share }) => share)).toEqual([1, 0.1]);
    const atOnce = after.succeed(groupConfig(`{ servers: [${list([a, b])}], slowStart: 0 }`));
    expect(atOnce.backends.map(({ share }) => share)).toEqual([1, 1]);
    atOnce.close();
  });
});
