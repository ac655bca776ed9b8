// Sessions of clients that have shown a certificate. A session resumed under another name than its own repeats the verdict
// of the first handshake in OpenSSL; honest clients do not do that, so this one is told a false name for its session.
import { connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import type { Identity } from '../support/client-authority.ts';
import type { World } from '../support/world.ts';
import { company, partner, startScene } from './client-certificate-scene.ts';

const ann = company.client('ann');
const bob = partner.client('bob');
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

interface Visit {
  readonly status: number;
  readonly isResumed: boolean;
  readonly session: Buffer;
}

interface VisitOptions {
  readonly sni: string;
  /** Default: the same. */
  readonly host?: string;
  readonly version: (typeof versions)[number];
  readonly identity?: Identity;
  readonly session?: Buffer;
}

/** One request over HTTP/1.1, on a connection of its own. */
async function visit(
  { port, ca }: World,
  { sni, host = sni, version, identity, session }: VisitOptions,
): Promise<Visit> {
  const { promise, resolve, reject } = Promise.withResolvers<Visit>();
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port,
    ca,
    servername: sni,
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['http/1.1'],
    maxVersion: version,
    ...identity,
    ...(session === undefined ? {} : { session }),
  });
  let said = '';
  let latest = Buffer.alloc(0);
  socket.on('session', (bytes: Buffer) => {
    latest = Buffer.from(bytes);
  });
  socket.on('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`));
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  const isResumed = (): boolean => socket.isSessionReused();
  let resumed = false;
  socket.on('secureConnect', () => {
    resumed = isResumed();
  });
  socket.on('error', reject);
  socket.on('close', () => resolve({ status: Number(said.slice(9, 12)), isResumed: resumed, session: latest }));
  return promise;
}

/** The same session with another name in it, as a client would have it that lies to itself. */
function renamed(session: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(session);
  const at = copy.indexOf(from);
  expect(at).toBeGreaterThan(0);
  copy.write(to, at, 'latin1');
  return copy;
}

test.for(versions)('who came in resumes the session and comes in again, in %s', async (version) => {
  const { world, backend } = await startScene();
  const first = await visit(world, { sni: 'a.test', version, identity: ann });
  const second = await visit(world, { sni: 'a.test', version, session: first.session });
  expect(second).toMatchObject({ status: 200, isResumed: true });
  expect(backend.seen.map(({ headers }) => headers['x-client-cert-subject'])).toEqual(['CN=ann', 'CN=ann']);
});

test.for(versions)('who was refused is refused again, in %s', async (version) => {
  const { world } = await startScene();
  for (const identity of [undefined, bob]) {
    const first = await visit(world, { sni: 'a.test', version, ...(identity && { identity }) });
    expect(first.status).toBe(403);
    const second = await visit(world, { sni: 'a.test', version, session: first.session, identity: ann });
    expect(second).toMatchObject({ status: 403, isResumed: true });
  }
});

test.for(
  versions.flatMap((version) =>
    ['a.test', 'm.test', 'o.test'].flatMap((from) =>
      [undefined, ann].map((identity) => ({ version, from, identity, who: identity ? 'with' : 'without' })),
    ),
  ),
)(
  'a session of $from, $who certificate, opens no site of other authorities, in $version',
  async ({ version, from, identity }) => {
    const { world, backend } = await startScene();
    const first = await visit(world, { sni: from, version, ...(identity && { identity }) });
    const before = backend.seen.length;
    const session = renamed(first.session, from, 'p.test');
    const second = await visit(world, { sni: 'p.test', version, session });
    expect(second).toMatchObject({ status: 403, isResumed: true });
    expect(backend.seen.slice(before).filter(({ headers }) => headers.host === 'p.test')).toEqual([]);
  },
);

test.for(versions)('a session of a site that asks nobody opens none that asks, in %s', async (version) => {
  const { world, backend } = await startScene();
  const first = await visit(world, { sni: 'o.test', version, identity: ann });
  const session = renamed(first.session, 'o.test', 'a.test');
  expect(await visit(world, { sni: 'a.test', version, session, identity: ann })).toMatchObject({
    status: 403,
    isResumed: true,
  });
  expect(backend.seen.map(({ headers }) => headers.host)).toEqual(['o.test']);
});

test.for(versions)('a new ticket key costs a full handshake and no failure, in %s', async (version) => {
  const { world } = await startScene();
  const first = await visit(world, { sni: 'a.test', version, identity: ann });
  world.gateway.ticketKeys.rotate();
  const second = await visit(world, { sni: 'a.test', version, session: first.session, identity: ann });
  expect(second).toMatchObject({ status: 200, isResumed: false });
  const third = await visit(world, { sni: 'a.test', version, session: second.session });
  expect(third).toMatchObject({ status: 200, isResumed: true });
});

test.for(versions)('loading certificates anew leaves sessions alone, in %s', async (version) => {
  const { world } = await startScene();
  const first = await visit(world, { sni: 'a.test', version, identity: ann });
  await world.gateway.refreshCertificates();
  expect(await visit(world, { sni: 'a.test', version, session: first.session })).toMatchObject({
    status: 200,
    isResumed: true,
  });
});

test.for(versions)("processes that share the ticket key resume each other's sessions, in %s", async (version) => {
  const { world } = await startScene();
  const other = (await startScene()).world;
  other.gateway.ticketKeys.adopt(world.gateway.ticketKeys.current);
  const first = await visit(world, { sni: 'a.test', version, identity: ann });
  expect(await visit(other, { sni: 'a.test', version, session: first.session })).toMatchObject({
    status: 200,
    isResumed: true,
  });
  const stranger = await visit(world, { sni: 'm.test', version, identity: bob });
  const session = renamed(stranger.session, 'm.test', 'a.test');
  expect(await visit(other, { sni: 'a.test', version, session })).toMatchObject({ status: 403, isResumed: true });
});

test.for(versions)(
  'a session that was refused elsewhere proves nothing where its authority is asked, in %s',
  async (version) => {
    const { world } = await startScene();
    const first = await visit(world, { sni: 'p.test', version, identity: ann });
    expect(first.status).toBe(403);
    const session = renamed(first.session, 'p.test', 'a.test');
    expect(await visit(world, { sni: 'a.test', version, session })).toMatchObject({ status: 403, isResumed: true });
  },
);
