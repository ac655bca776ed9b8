// Our own CA gives certificates to an independent client, and refuses what it has to.
import { X509Certificate } from 'node:crypto';
import * as acme from 'acme-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ca } from '../support/acme/ca.ts';
import { startCa } from '../support/acme/ca.ts';
import { certIdOf } from '../support/acme/issuer.ts';
import { freePort } from '../support/acme/ports.ts';
import type { CaOptions } from '../support/acme/settings.ts';
import { LETS_ENCRYPT_PROFILES } from '../support/acme/settings.ts';
import { newAccount, newClient, obtain } from './client.ts';
import { Responder } from './responder.ts';

let responder: Responder;
const ports = { httpPort: 0, tlsPort: 0 };

beforeAll(async () => {
  ports.httpPort = await freePort();
  ports.tlsPort = await freePort();
  responder = await Responder.start(ports);
});
afterAll(() => responder[Symbol.asyncDispose]());

function start(options: CaOptions = {}): Promise<Ca> {
  return startCa({ ...ports, txt: (name) => responder.txt.get(name) ?? [], ...options });
}

function setupOf(ca: Ca): { directory: string; rootPem: string } {
  return { directory: ca.directory, rootPem: ca.trustedRoot ?? '' };
}

async function accountAt(ca: Ca): Promise<acme.Client> {
  return newAccount(setupOf(ca));
}

function split(pem: string): X509Certificate[] {
  return pem.split(/(?=-----BEGIN)/).map((part) => new X509Certificate(part));
}

describe('a certificate', () => {
  test.for([
    ['http-01', 'a.example.com', 'DNS:a.example.com'],
    ['tls-alpn-01', 'a.example.com', 'DNS:a.example.com'],
    ['dns-01', '*.a.example.com', 'DNS:*.a.example.com'],
    ['http-01', '127.0.0.1', 'IP Address:127.0.0.1'],
    ['tls-alpn-01', '127.0.0.1', 'IP Address:127.0.0.1'],
    ['http-01', '2001:db8::1', 'IP Address:2001:DB8:0:0:0:0:0:1'],
  ] as const)('by %s for %s', async ([type, name, subjectAltName]) => {
    await using ca = await start();
    const { pem, order } = await obtain(await accountAt(ca), { names: [name], type, responder });
    const [leaf, intermediate] = split(pem) as [X509Certificate, X509Certificate];
    const root = new X509Certificate(ca.rootPem);
    expect(order.status).toBe('valid');
    expect(leaf.subjectAltName).toBe(subjectAltName);
    expect(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
    expect(intermediate.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
    expect(ca.certificates[0]?.serial.toUpperCase()).toBe(`00${leaf.serialNumber}`);
  });

  test('for several names, over plain HTTP', async () => {
    await using ca = await start({ plainHttp: true });
    const names = ['a.example.com', 'b.example.com'];
    const { pem } = await obtain(await accountAt(ca), { names, type: 'http-01', responder });
    expect(new X509Certificate(pem).subjectAltName).toBe('DNS:a.example.com, DNS:b.example.com');
  });

  test('of a minute, that began a second ago', async () => {
    await using ca = await start({ lifeSeconds: 60 });
    const { pem } = await obtain(await accountAt(ca), { names: ['a.example.com'], type: 'http-01', responder });
    const { validFromDate, validToDate } = new X509Certificate(pem);
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(60_000);
    expect(validFromDate.getTime()).toBeLessThan(Date.now());
  });

  test('with an alternate chain', async () => {
    await using ca = await start({ alternateRoots: 1 });
    const client = await accountAt(ca);
    const { order, pem } = await obtain(client, { names: ['a.example.com'], type: 'http-01', responder });
    const other = await client.getCertificate(order, 'Test Root 1');
    expect(split(pem)[1]?.issuer).toBe('CN=Test Root 0');
    expect(split(other)[1]?.issuer).toBe('CN=Test Root 1');
  });

  test('is revoked once', async () => {
    await using ca = await start();
    const client = await accountAt(ca);
    const { pem } = await obtain(client, { names: ['a.example.com'], type: 'http-01', responder });
    await client.revokeCertificate(pem, { reason: 4 });
    expect(ca.certificates[0]?.revocationReason).toBe(4);
    await expect(client.revokeCertificate(pem)).rejects.toThrow(/revoked/);
  });
});

describe('an account', () => {
  test('needs the key of an account elsewhere', async () => {
    const hmacKey = Buffer.from('thirty-two bytes that are shared').toString('base64url');
    await using ca = await start({ eab: { 'key-1': hmacKey } });
    await expect(accountAt(ca)).rejects.toThrow(/binding is needed/);
    const wrong = { kid: 'key-1', hmacKey: Buffer.from('another').toString('base64url') };
    await expect(newAccount({ ...setupOf(ca), eab: wrong })).rejects.toThrow(/not signed by its key/);
    await newAccount({ ...setupOf(ca), eab: { kid: 'key-1', hmacKey } });
    expect(ca.accounts.map(({ eabKid }) => eabKid)).toEqual(['key-1']);
  });

  test('is found by its key, and only made with consent to the terms', async () => {
    await using ca = await start({ termsOfService: 'https://ca.example.com/terms' });
    const accountKey = await acme.crypto.createPrivateRsaKey();
    const client = await newClient({ ...setupOf(ca), accountKey });
    await expect(client.createAccount({ onlyReturnExisting: true })).rejects.toThrow(/no account/);
    await expect(client.createAccount({})).rejects.toThrow(/terms/);
    await client.createAccount({ termsOfServiceAgreed: true });
    const again = await newClient({ ...setupOf(ca), accountKey });
    await again.createAccount({ onlyReturnExisting: true });
    expect(again.getAccountUrl()).toBe(client.getAccountUrl());
    expect(ca.accounts).toHaveLength(1);
    expect(ca.requestsTo('newAccount').map(({ status }) => status)).toEqual([400, 403, 201, 200]);
  });
});

describe('an order', () => {
  test('has a profile, which decides on life and names', async () => {
    await using ca = await start({ profiles: LETS_ENCRYPT_PROFILES });
    const client = await accountAt(ca);
    const wish = { names: ['127.0.0.1'], type: 'http-01', responder } as const;
    await expect(obtain(client, wish)).rejects.toThrow(/type ip/);
    const { pem } = await obtain(client, { ...wish, extra: { profile: 'shortlived' } });
    const { validFromDate, validToDate } = new X509Certificate(pem);
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(160 * 3_600_000);
    await expect(obtain(client, { ...wish, extra: { profile: 'eternal' } })).rejects.toThrow(/no profile/);
    expect(ca.orders.map(({ profile }) => profile)).toEqual(['shortlived']);
  });

  test('replaces a certificate, once', async () => {
    await using ca = await start();
    const client = await accountAt(ca);
    const wish = { names: ['a.example.com'], type: 'http-01', responder } as const;
    await obtain(client, wish);
    const replaces = ca.certificates[0]?.certId;
    await obtain(client, { ...wish, extra: { replaces } });
    expect(ca.certificates[0]?.replacedBy).toBe(ca.orders[1]);
    await expect(obtain(client, { ...wish, extra: { replaces } })).rejects.toThrow(/was replaced/);
    expect(ca.requestsTo('newOrder').at(-1)).toMatchObject({
      status: 409,
      problem: { type: 'urn:ietf:params:acme:error:alreadyReplaced' },
    });
    await expect(obtain(client, { ...wish, extra: { replaces: 'AAAA.AAAA' } })).rejects.toThrow(/no certificate/);
  });

  test('is invalid once a challenge has failed, and the challenge says why', async () => {
    await using ca = await start();
    const client = await accountAt(ca);
    const order = await client.createOrder({ identifiers: [{ type: 'dns', value: 'c.example.com' }] });
    const [authorization] = await client.getAuthorizations(order);
    const challenge = authorization?.challenges.find(
      ({ type }) => type === 'http-01',
    ) as acme.Authorization['challenges'][0];
    await client.completeChallenge(challenge);
    await ca.waitFor(() => ca.authorizations[0]?.status === 'invalid');
    expect((await client.getOrder(order)).status).toBe('invalid');
    const [failed] = await client.getAuthorizations(order);
    expect(failed?.challenges).toMatchObject([
      { type: 'http-01', status: 'invalid', error: { type: 'urn:ietf:params:acme:error:unauthorized', status: 403 } },
    ]);
  });

  test('finds its authorizations done before, where they are reused', async () => {
    await using ca = await start({ reusesAuthorizations: true });
    const client = await accountAt(ca);
    await obtain(client, { names: ['a.example.com'], type: 'http-01', responder });
    const order = await client.createOrder({ identifiers: [{ type: 'dns', value: 'a.example.com' }] });
    expect(order.status).toBe('ready');
  });

  test('is over after its time', async () => {
    await using ca = await start();
    const client = await accountAt(ca);
    const order = await client.createOrder({ identifiers: [{ type: 'dns', value: 'a.example.com' }] });
    for (const one of ca.orders) one.expires = new Date(0);
    expect((await client.getOrder(order)).status).toBe('invalid');
  });

  test('is refused with the names that are not wanted', async () => {
    await using ca = await start({ blocked: ['example.org'] });
    const client = await accountAt(ca);
    const identifiers = ['a.example.com', 'b.example.org'].map((value) => ({ type: 'dns', value }));
    await expect(client.createOrder({ identifiers })).rejects.toThrow(/1 of the names/);
    expect(ca.requestsTo('newOrder')[0]?.problem).toMatchObject({
      subproblems: [{ identifier: { type: 'dns', value: 'b.example.org' } }],
    });
  });
});

describe('renewal information', () => {
  test('has the example of RFC 9773 right', () => {
    const keyIdentifier = Buffer.from('69885B6B87464041E1B37B847BA0AE2CDE01C8D4', 'hex');
    expect(certIdOf(keyIdentifier, Buffer.from('0087654321', 'hex'))).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });

  test('says when, what for and when to ask again', async () => {
    await using ca = await start({ plainHttp: true });
    await obtain(await accountAt(ca), { names: ['a.example.com'], type: 'http-01', responder });
    const certificate = ca.certificates[0]!;
    const { renewalInfo } = (await (await fetch(ca.directory)).json()) as { renewalInfo: string };
    const [from, to] = [new Date(1_800_000_000_000), new Date(1_800_000_060_000)];
    certificate.renewal = { start: from, end: to, explanationUrl: 'https://ca.example.com/why', retryAfter: 60 };
    const answer = await fetch(`${renewalInfo}/${certificate.certId}`);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await answer.json()).toEqual({
      suggestedWindow: { start: from.toISOString(), end: to.toISOString() },
      explanationURL: 'https://ca.example.com/why',
    });
    expect((await fetch(`${renewalInfo}/AAAA.AAAA`)).status).toBe(404);
  });
});

test('time is the clock of the settings', async () => {
  const now = new Date('2031-05-06T07:08:09Z').getTime();
  await using ca = await start({ now: () => now, backdateSeconds: 0, lifeSeconds: 60 });
  const { pem } = await obtain(await accountAt(ca), { names: ['a.example.com'], type: 'http-01', responder });
  expect(new X509Certificate(pem).validFromDate.getTime()).toBe(now);
});

test('several places of the world look at a challenge', async () => {
  const asked: string[] = [];
  const txt = (name: string): string[] => {
    asked.push(name);
    return responder.txt.get(name) ?? [];
  };
  await using ca = await start({ perspectives: 3, txt });
  await obtain(await accountAt(ca), { names: ['d.example.com'], type: 'dns-01', responder });
  expect(asked).toEqual(Array(3).fill('_acme-challenge.d.example.com'));
});
