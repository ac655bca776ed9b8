// Another configuration for a gateway that runs: all of it or nothing, and nobody who is connected notices.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Certificate } from '../../src/tls/certificate.ts';
import type { Plan } from '../../src/waf/plan.ts';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { runLoad } from '../support/load.ts';
import { startGateway, type World } from '../support/world.ts';
import { makeLeaf } from '../tls/material.ts';

const turn = promisify(setImmediate);

const answering = (text: string): ReturnType<typeof startBackend> => startBackend((_, response) => response.end(text));
const siteTo = (url: string, more = ''): string => `sites: { localhost: { to: "${url}"${more} } }`;

async function connectHttp2({ port, ca }: World): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`https://localhost:${port}`, { ca });
  await once(session, 'connect');
  return session;
}

async function ask(session: http2.ClientHttp2Session): Promise<string> {
  let text = '';
  for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk;
  return text;
}

describe('what a reload changes', () => {
  test('is in force for the next request, on the connection that is there', async () => {
    const [one, two] = [await answering('one'), await answering('two')];
    const world = await startGateway(siteTo(one.url));
    const session = await connectHttp2(world);
    expect(await ask(session)).toBe('one');
    await world.gateway.reload(world.config(siteTo(two.url)));
    expect(await ask(session)).toBe('two');
    expect(session.closed).toBe(false);
    session.destroy();
  });

  test('sites come and go', async () => {
    const backend = await answering('here');
    const world = await startGateway(siteTo(backend.url));
    await world.gateway.reload(world.config(`sites: { other.test: { to: "${backend.url}" } }`));
    expect(await request('h2', world, { host: 'other.test' })).toMatchObject({ status: 200, body: 'here' });
    await expect(request('h2', world)).rejects.toThrow(/handshake failure/);
  });

  test('bounds are those of the new configuration for connections to come', async () => {
    const backend = await answering('here');
    const world = await startGateway(siteTo(backend.url));
    const long = { path: `/${'x'.repeat(500)}` };
    expect((await request('http/1.1', world, long)).status).toBe(200);
    await world.gateway.reload(world.config(`requestLimits: { uri: 64B }\n${siteTo(backend.url)}`));
    expect((await request('http/1.1', world, long)).status).toBe(414);
  });

  test('addresses are opened and closed', async () => {
    const backend = await answering('here');
    const world = await startGateway(`listen: { https: "127.0.0.1:0", http: false }\n${siteTo(backend.url)}`);
    const added = world.config(
      `listen: { https: ["127.0.0.1:0", "127.0.0.2:0"], http: "127.0.0.1:0" }\n${siteTo(backend.url)}`,
    );
    await world.gateway.reload(added);
    const { https, http } = world.gateway.addresses;
    expect(https).toHaveLength(2);
    expect(https[0]?.port).toBe(world.port);
    expect(https[1]?.address).toBe('127.0.0.2');
    expect(http).toHaveLength(1);
    const port = https[1]?.port ?? 0;
    await world.gateway.reload(world.config(`listen: { https: "127.0.0.1:0", http: false }\n${siteTo(backend.url)}`));
    expect(world.gateway.addresses).toMatchObject({ https: [{ port: world.port }], http: [] });
    const refused = connect(port, '127.0.0.2');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    expect((await request('h2', world)).status).toBe(200);
  });

  test('what the edit does not touch is the same object: groups of servers', async () => {
    const backend = await answering('here');
    const groups = (more: string): string =>
      `upstreams: { app: { servers: ["${backend.url}"] }, other: { servers: ["${backend.url}"]${more} } }\nsites: { localhost: { to: app } }`;
    const world = await startGateway(groups(''));
    const { upstreams } = world.gateway.runtime;
    await world.gateway.reload(world.config(groups(', balance: round-robin')));
    const after = world.gateway.runtime.upstreams;
    expect(after.get('app')).toBe(upstreams.get('app'));
    expect(after.get('other')).not.toBe(upstreams.get('other'));
    expect(after.get('other')?.backends[0]).toBe(upstreams.get('other')?.backends[0]);
  });
});

describe('what is read of files that are as they were', () => {
  test('is the same object, rules and certificates with their contexts; of those that have changed it is another', async () => {
    const world = await startGateway(siteTo('http://127.0.0.1:1'));
    const file = (name: string): string => path.join(world.folder, name);
    const rule = (id: number): string => `SecRule ARGS "@rx x${id}" "id:${id},phase:2,deny"\n`;
    const leaf = (): void => {
      const { certPem, keyPem } = makeLeaf(['localhost']);
      writeFileSync(file('leaf.pem'), certPem + keyPem);
    };
    mkdirSync(file('rules'));
    writeFileSync(file('rules/one.conf'), rule(1));
    writeFileSync(file('still.conf'), rule(9));
    leaf();
    const reload = async (count: number): Promise<Kept> => {
      await world.gateway.reload(
        world.config(`
timeouts: { idle: ${count}s }
sites:
  localhost: { to: "http://127.0.0.1:1", certificate: { cert: leaf.pem, key: leaf.pem }, waf: { rules: ["rules/*.conf"] } }
  inner.test: { to: "http://127.0.0.1:1", waf: { rules: [still.conf] } }`),
      );
      const { guards, certificates } = world.gateway.runtime;
      return {
        plans: [...(guards?.plans.values() ?? [])],
        brought: certificates.select('localhost'),
        made: certificates.select('inner.test'),
      };
    };
    const first = await reload(1);
    const second = await reload(2);
    expect(second.plans).toHaveLength(2);
    for (const [i, plan] of second.plans.entries()) expect(plan).toBe(first.plans[i]);
    expect(second.brought).toBe(first.brought);
    expect(second.made).toBe(first.made);
    writeFileSync(file('rules/two.conf'), rule(2));
    leaf();
    const third = await reload(3);
    expect(third.plans[0]).not.toBe(first.plans[0]);
    expect(third.plans[1]).toBe(first.plans[1]);
    expect(third.brought).not.toBe(first.brought);
    expect(third.made).toBe(first.made);
    writeFileSync(file('rules/two.conf'), rule(3));
    expect((await reload(4)).plans[0]).not.toBe(third.plans[0]);
  });
});

interface Kept {
  readonly plans: readonly Plan[];
  readonly brought: Certificate | undefined;
  readonly made: Certificate | undefined;
}

describe('a fault in the new configuration', () => {
  test('leaves all as it was: a certificate that is not there', async () => {
    const backend = await answering('here');
    const world = await startGateway(siteTo(backend.url));
    const { runtime } = world.gateway;
    const broken = world.config(siteTo(backend.url, ', certificate: { cert: no.pem, key: no.key }'));
    await expect(world.gateway.reload(broken)).rejects.toThrow(/no\.pem/);
    expect(world.gateway.runtime).toBe(runtime);
    expect((await request('h2', world)).status).toBe(200);
  });

  test('leaves all as it was: an address that cannot be had, and those that could are closed again', async () => {
    const backend = await answering('here');
    const world = await startGateway(siteTo(backend.url));
    const before = world.gateway.addresses;
    const taken = new URL(backend.url).port;
    const broken = world.config(
      `listen: { https: ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:${taken}"], http: "127.0.0.1:0" }\n${siteTo(backend.url)}`,
    );
    await expect(world.gateway.reload(broken)).rejects.toThrow(/another process has this port/);
    expect(world.gateway.addresses).toEqual(before);
    expect((await request('h2', world)).status).toBe(200);
  });
});

describe('what is under way', () => {
  describeProtocols('an answer that is still coming', (over) => {
    test('comes to its end, though its server is no longer configured', async () => {
      const { promise: begun, resolve: begin } = Promise.withResolvers<() => void>();
      const slow = await startBackend((_, response) => {
        response.write('first, ');
        begin(() => response.end('last'));
      });
      const other = await answering('other');
      const world = await startGateway(siteTo(slow.url));
      const answer = request(over, world);
      const finish = await begun;
      await world.gateway.reload(world.config(siteTo(other.url)));
      finish();
      expect((await answer).body).toBe('first, last');
      expect((await request(over, world)).body).toBe('other');
    });
  });
});

describeProtocols('reloads in a row, under load', (over) => {
  test('cost no request', async () => {
    const [one, two] = [await answering('one'), await answering('two')];
    const world = await startGateway(siteTo(one.url));
    let isOver = false;
    const reloads = (async (): Promise<number> => {
      let count = 0;
      while (!isOver) {
        await turn();
        count++;
        const bounds = `requestLimits: { headers: ${100 + (count % 3)} }`;
        await world.gateway.reload(world.config(`${bounds}\n${siteTo(count % 2 === 0 ? one.url : two.url)}`));
      }
      return count;
    })();
    const outcomes = await runLoad(over, world, { clients: 8, requests: 500 });
    isOver = true;
    expect(await reloads).toBeGreaterThan(5);
    expect([...outcomes]).toEqual([['200', 500]]);
  });
});
