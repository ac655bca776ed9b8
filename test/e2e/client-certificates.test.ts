// Sites that ask their clients for certificates: who comes in, who is asked at all, and what the backend is told.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeProtocols, openTls, request } from '../support/client.ts';
import { ClientAuthority, type Identity } from '../support/client-authority.ts';
import type { World } from '../support/world.ts';
import { company, partner, startScene } from './client-certificate-scene.ts';

const office = new ClientAuthority('Office CA', company);
const ann = company.client('ann', { attributes: [{ name: 'organizationName', value: 'Example, Inc.' }] });
const bob = partner.client('bob');
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

describeProtocols('a site that requires certificates', (over) => {
  test.for(versions)('lets in who shows a good one, in %s', async (maxVersion) => {
    const { world, backend } = await startScene();
    expect(await request(over, world, { host: 'a.test', tls: { ...ann, maxVersion } })).toMatchObject({ status: 200 });
    expect(backend.seen).toHaveLength(1);
  });

  const strangers: { what: string; identity: () => Partial<Identity> }[] = [
    { what: 'no certificate', identity: () => ({}) },
    { what: "another authority's", identity: () => bob },
    { what: 'one that has ended', identity: () => company.client('late', { days: -1 }) },
    { what: 'one for servers', identity: () => company.client('server', { usage: 'serverAuth' }) },
    {
      what: 'one that names the authority but is not signed by it',
      identity: () => new ClientAuthority('Company CA').client('ann'),
    },
    { what: 'one of an intermediate that it does not show', identity: () => office.client('carol') },
  ];
  test.for(strangers.flatMap((stranger) => versions.map((maxVersion) => ({ ...stranger, maxVersion }))))(
    'refuses $what with 403, in $maxVersion',
    async ({ identity, maxVersion }) => {
      const { world, backend } = await startScene();
      const answer = await request(over, world, { host: 'a.test', tls: { ...identity(), maxVersion } });
      expect(answer.status).toBe(403);
      expect(answer.headers['content-type']).toContain('text/html');
      expect(backend.seen).toEqual([]);
      const [record] = await world.accessRecords(1);
      expect(record).toMatchObject({ status: 403, reason: 'client-certificate', site: 'a.test' });
      expect(record?.tls).not.toMatchObject({ client: { verified: true } });
    },
  );

  test.for(versions)('takes a chain through an intermediate that the client sends, in %s', async (maxVersion) => {
    const { world } = await startScene();
    const carol = office.client('carol');
    const tls = { cert: carol.cert + office.certPem, key: carol.key, maxVersion };
    expect((await request(over, world, { host: 'a.test', tls })).status).toBe(200);
  });

  test.for(versions)('never asks clients of other sites, in %s', async (maxVersion) => {
    const { world } = await startScene();
    // Node shows its certificate to whoever asks.
    expect((await request(over, world, { host: 'o.test', tls: { ...ann, maxVersion } })).status).toBe(200);
    const [record] = await world.accessRecords(1);
    expect(record?.tls).not.toHaveProperty('client');
  });

  test.for(versions)('is not reached over a connection that was opened for another site, in %s', async (maxVersion) => {
    const { world, backend } = await startScene();
    for (const sni of ['o.test', 'p.test', 'other.test', 'unknown.example', '']) {
      const tls = { ...ann, maxVersion, servername: sni };
      const answer = await request(over, world, { host: 'a.test', sni, tls }).catch(() => undefined);
      if (answer !== undefined) expect(answer.status).toBe(421);
    }
    expect(backend.seen).toEqual([]);
    const records = await world.accessRecords(2);
    expect(records.map(({ reason }) => reason)).toEqual(['client-certificate', 'client-certificate']);
  });

  test('shares a connection with a site that asks by the same authorities', async () => {
    const { world } = await startScene();
    expect((await request(over, world, { host: 'a.test', sni: 'm.test', tls: ann })).status).toBe(200);
    expect((await request(over, world, { host: 'a.test', sni: 'm.test' })).status).toBe(403);
    expect((await request(over, world, { host: 'o.test', sni: 'a.test' })).status).toBe(200);
  });
});

describe('mode request', () => {
  test('lets in who shows none, and tells the backend which it is', async () => {
    const { world, backend } = await startScene();
    expect((await request('h2', world, { host: 'm.test' })).status).toBe(200);
    expect((await request('h2', world, { host: 'm.test', tls: ann })).status).toBe(200);
    expect((await request('h2', world, { host: 'm.test', tls: bob })).status).toBe(403);
    expect(backend.seen.map(({ headers }) => headers['x-client-cert-verify'])).toEqual(['NONE', 'SUCCESS']);
    expect(backend.seen[0]?.headers).not.toHaveProperty('client-cert');
  });
});

describeProtocols('the backend', (over) => {
  test('learns who it is, as RFC 9440 has it and in plain words', async () => {
    const { world, backend } = await startScene();
    await request(over, world, { host: 'a.test', tls: ann });
    const headers = backend.seen[0]?.headers ?? {};
    const der = ann.cert.replaceAll(/-----[^-]+-----|\s/g, '');
    expect(headers).toMatchObject({
      'client-cert': `:${der}:`,
      'x-client-cert-verify': 'SUCCESS',
      'x-client-cert-subject': String.raw`O=Example\, Inc.,CN=ann`,
      'x-client-cert-fingerprint': expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const [record] = await world.accessRecords(1);
    expect(record?.tls).toMatchObject({
      client: {
        subject: headers['x-client-cert-subject'],
        fingerprint: headers['x-client-cert-fingerprint'],
        verified: true,
      },
    });
  });

  test('never hears it from the client, whether the site asks or not', async () => {
    const { world, backend } = await startScene();
    const forged = {
      'client-cert': ':AAAA:',
      'Client-Cert-Chain': ':AAAA:',
      client_cert: ':AAAA:',
      'X-Client-Cert-Verify': 'SUCCESS',
      'x-client-cert-subject': 'CN=root',
      x_client_cert_subject: 'CN=root',
      'x-client_cert-fingerprint': '00',
      'x-client-cert-serial': '1',
    };
    const trailers = { 'x-client-cert-subject': 'CN=root', x_client_cert_verify: 'SUCCESS', 'x-sum': '1' };
    for (const host of ['o.test', 'm.test']) {
      await request(over, world, { host, method: 'POST', body: 'x', headers: forged, trailers });
    }
    expect(backend.seen).toHaveLength(2);
    for (const { rawHeaders, rawTrailers } of backend.seen) {
      const said = [...rawHeaders, ...rawTrailers].filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      expect(said.filter((name) => /client.cert/.test(name) && name !== 'x-client-cert-verify')).toEqual([]);
      expect(rawTrailers.join().toLowerCase()).toBe('x-sum,1');
    }
    expect(backend.seen.map(({ headers }) => headers['x-client-cert-verify'])).toEqual([undefined, 'NONE']);
  });

  test('gets a subject that cannot break out of its header', async () => {
    const { world, backend } = await startScene();
    const odd = company.client('x\r\nx-admin: 1', {
      attributes: [{ name: 'organizationName', value: 'Zo\u00eb', valueTagClass: 12 as never }],
    });
    expect((await request(over, world, { host: 'a.test', tls: odd })).status).toBe(200);
    const headers = backend.seen[0]?.headers ?? {};
    expect(headers).not.toHaveProperty('x-admin');
    expect(headers['x-client-cert-subject']).toMatch(/^O=Zo[^\n]*,CN=x\\0D\\0Ax-admin: 1$/);
  });
});

test('a WebSocket is refused without a certificate and carried with one', async () => {
  const { world } = await startScene();
  const attempt = (identity: Partial<Identity>): Promise<number | undefined> => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const socket = new WebSocket(`wss://127.0.0.1:${world.port}/`, {
      servername: 'a.test',
      ca: world.ca,
      headers: { host: 'a.test' },
      checkServerIdentity: () => undefined,
      ...identity,
    } as never);
    socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    socket.on('error', () => {});
    return promise;
  };
  expect(await attempt({})).toBe(403);
  // The backend of this test knows no WebSocket: what matters is that it was asked.
  expect(await attempt(ann)).toBe(200);
});

describe('a client that sends no name', () => {
  const unnamed = { servername: '' };

  test('is asked by what the site default says', async () => {
    const { world, backend } = await startScene(
      `  default: { to: "BACKEND", clientCertificates: { ca: "FILES/partner.pem" } }`,
    );
    const get = async (tls: Partial<Identity>, host: string): Promise<number> =>
      (await request('http/1.1', world, { host, sni: '', tls: { ...unnamed, ...tls } })).status;
    expect(await get(bob, '127.0.0.1')).toBe(200);
    expect(await get({}, '127.0.0.1')).toBe(403);
    expect(await get(ann, '127.0.0.1')).toBe(403);
    expect(await get(ann, 'a.test')).toBe(421);
    expect(backend.seen).toHaveLength(1);
    // A name that no site has is the default's too.
    const other = { host: 'other.example' };
    expect((await request('h2', world, { ...other, tls: bob })).status).toBe(200);
    expect((await request('h2', world, other)).status).toBe(403);
    // Those with a name of another site are left alone.
    expect((await request('h2', world, { host: 'o.test', tls: bob })).status).toBe(200);
    const records = await world.accessRecords(7);
    expect(records.at(-1)?.tls).not.toHaveProperty('client');
  });

  test('is asked by a site whose name is an address', async () => {
    const { world } = await startScene(
      `  127.0.0.1: { to: "BACKEND", clientCertificates: { ca: "FILES/partner.pem" } }`,
    );
    const get = async (tls: Partial<Identity>): Promise<number> =>
      (await request('h2', world, { host: '127.0.0.1', sni: '', tls: { ...unnamed, ...tls } })).status;
    expect(await get(bob)).toBe(200);
    expect(await get({})).toBe(403);
  });
});

describe('revocation lists', () => {
  const gone = company.client('gone');
  const SITE = '  r.test: { to: "BACKEND", clientCertificates: { ca: "FILES/company.pem", crl: "FILES/company.crl" } }';
  const get = async (world: World, tls: object): Promise<number> =>
    (await request('http/1.1', world, { host: 'r.test', tls })).status;

  test('refuse who is on one, and everybody when it is out of date', async () => {
    const { world, files } = await startScene(SITE);
    const list = async (text: string): Promise<void> => {
      writeFileSync(path.join(files, 'company.crl'), text);
      await world.gateway.refreshCertificates();
    };
    expect(await get(world, gone)).toBe(200);
    await list(company.revocationList([gone]));
    expect(await get(world, gone)).toBe(403);
    expect(await get(world, ann)).toBe(200);
    await list(company.revocationList([], -1));
    expect(await get(world, ann)).toBe(403);
  });

  test('that are renewed bind connections that stand, and sessions', async () => {
    const { world, files } = await startScene(SITE);
    const socket = await openTls(world, { servername: 'r.test', ALPNProtocols: ['http/1.1'], ...gone });
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.write('GET / HTTP/1.1\r\nhost: r.test\r\n\r\n');
    await vi.waitFor(() => expect(said).toContain('hello'));

    writeFileSync(path.join(files, 'company.crl'), company.revocationList([gone]));
    await world.gateway.refreshCertificates();
    await closed;
    expect(await get(world, { ...gone, session: await session })).toBe(403);
    expect(await get(world, ann)).toBe(200);
  });

  test('that are renewed end HTTP/2 sessions after what is under way', async () => {
    const { world, files } = await startScene(SITE);
    const tls = { servername: 'r.test', ca: world.ca, checkServerIdentity: () => undefined, ...gone };
    const session = http2.connect(`https://127.0.0.1:${world.port}`, tls);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/', ':authority': 'r.test' });
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(headers[':status']).toBe(200);
    stream.resume();
    const closed = once(session, 'close');
    writeFileSync(path.join(files, 'company.crl'), company.revocationList([gone]));
    await world.gateway.refreshCertificates();
    await closed;
  });
});
