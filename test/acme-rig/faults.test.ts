// What goes wrong by plan goes wrong in just that way, and the CA is right again afterwards.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import type * as acme from 'acme-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ca } from '../support/acme/ca.ts';
import { startCa } from '../support/acme/ca.ts';
import type { CertificateFault } from '../support/acme/faults.ts';
import { fault } from '../support/acme/faults.ts';
import { freePort } from '../support/acme/ports.ts';
import { newAccount, obtain } from './client.ts';
import { Responder } from './responder.ts';
import { Signer } from './signer.ts';

const DNS = (value: string): { type: string; value: string } => ({ type: 'dns', value });
const ORDER = { identifiers: [DNS('a.example.com')] };
let responder: Responder;
const ports = { httpPort: 0, tlsPort: 0 };

beforeAll(async () => {
  ports.httpPort = await freePort();
  ports.tlsPort = await freePort();
  responder = await Responder.start(ports);
});
afterAll(() => responder[Symbol.asyncDispose]());

function accountAt(ca: Ca): Promise<acme.Client> {
  return newAccount({ directory: ca.directory, rootPem: ca.trustedRoot ?? '' });
}

describe('over plain HTTP', () => {
  const start = (): Promise<Ca> => startCa({ plainHttp: true });

  test('problems, pages and redirects are answered once, with what they say', async () => {
    await using ca = await start();
    const ask = (): Promise<Response> => fetch(ca.directory, { redirect: 'manual' });
    const until = new Date('2030-01-01T00:00:00Z');
    ca.faults.next('directory', fault.problem('rateLimited', { detail: 'too many', retryAfter: 3 }));
    ca.faults.next('directory', fault.problem('serverInternal', { status: 503, retryAfter: until }));
    ca.faults.next('directory', fault.html(502));
    ca.faults.next('directory', fault.redirect('https://ca.example.com/directory'));
    const limited = await ask();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3']);
    expect(await limited.json()).toEqual({
      type: 'urn:ietf:params:acme:error:rateLimited',
      detail: 'too many',
      status: 429,
    });
    const busy = await ask();
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, 'Tue, 01 Jan 2030 00:00:00 GMT']);
    expect(await (await ask()).text()).toContain('<h1>502</h1>');
    expect((await ask()).headers.get('location')).toBe('https://ca.example.com/directory');
    expect((await ask()).status).toBe(200);
  });

  test('a half of an answer comes, and the connection ends', async () => {
    await using ca = await start();
    ca.faults.next('directory', fault.truncate());
    const answer = await fetch(ca.directory);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  test('no answer comes, ever', async () => {
    await using ca = await start();
    const planned = ca.faults.always('directory', fault.hang());
    await expect(fetch(ca.directory, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
    expect(planned.count).toBe(1);
    ca.faults.clear();
    expect((await fetch(ca.directory)).status).toBe(200);
  });

  test('an answer comes late', async () => {
    await using ca = await start();
    ca.faults.next('directory', fault.slow(60));
    const begin = performance.now();
    await fetch(ca.directory);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(50);
  });

  test.for([
    ['before', 0],
    ['after', 1],
  ] as const)('a connection is reset %s the order is made', async ([when, orders]) => {
    await using ca = await start();
    const signer = await Signer.at(ca.directory, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    signer.kid = (await signer.post('newAccount', {})).location;
    ca.faults.next('newOrder', fault.reset(when));
    await expect(signer.post('newOrder', ORDER)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(ca.orders).toHaveLength(orders);
    expect((await signer.post('newOrder', ORDER)).status).toBe(201);
  });

  test('some requests are spared, and a question picks others', async () => {
    await using ca = await start();
    ca.faults.next('directory', fault.html(500), { after: 1, times: 2 });
    ca.faults.always(({ headers }) => headers['x-test'] === '1', fault.html(418));
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) statuses.push((await fetch(ca.directory)).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect((await fetch(ca.directory, { headers: { 'x-test': '1' } })).status).toBe(418);
  });
});

describe('over TLS', () => {
  test('a connection is reset', async () => {
    await using ca = await startCa(ports);
    ca.faults.next('directory', fault.reset());
    const call = https.get(ca.directory, { ca: ca.trustedRoot, agent: false });
    const [error] = await once(call, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(ca.requests).toMatchObject([{ endpoint: 'directory', status: undefined }]);
  });

  test('refused nonces are tried again', async () => {
    await using ca = await startCa(ports);
    const client = await accountAt(ca);
    ca.faults.next('newOrder', fault.badNonce(), { times: 3 });
    await client.createOrder(ORDER);
    expect(ca.requestsTo('newOrder').map(({ status }) => status)).toEqual([400, 400, 400, 201]);
  });

  test('an order stays processing for some polls, and says when to ask again', async () => {
    await using ca = await startCa({ ...ports, processingPolls: 2, retryAfter: { order: 1 } });
    await obtain(await accountAt(ca), { names: ['a.example.com'], type: 'http-01', responder });
    expect(ca.requestsTo('order').length).toBeGreaterThanOrEqual(3);
    expect(ca.orders[0]?.status).toBe('valid');
  });

  test('an order fails while it is processed', async () => {
    await using ca = await startCa({
      ...ports,
      issuanceProblem: () => ({ type: 'caa', detail: 'CAA forbids it' }),
    });
    const wish = { names: ['a.example.com'], type: 'http-01', responder } as const;
    await expect(obtain(await accountAt(ca), wish)).rejects.toThrow();
    expect(ca.orders[0]).toMatchObject({ status: 'invalid', error: { type: 'caa' } });
  });

  test('it is down, then up at the same address with what it knew', async () => {
    await using ca = await startCa({ ...ports, plainHttp: true });
    const client = await accountAt(ca);
    await ca.down();
    await expect(fetch(ca.directory)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await ca.up();
    await client.createOrder(ORDER);
    expect(ca.orders).toHaveLength(1);
  });

  test('each wrong certificate is wrong in its own way', async () => {
    await using ca = await startCa(ports);
    const client = await accountAt(ca);
    const { order } = await obtain(client, { names: ['a.example.com'], type: 'http-01', responder });
    const spoiled = async (what: CertificateFault): Promise<string> => {
      ca.faults.next('certificate', fault.certificate(what));
      return client.getCertificate(order);
    };
    const right = new X509Certificate(ca.certificates[0]?.leafPem ?? '');
    expect(await spoiled('leafOnly')).toBe(right.toString());
    expect(new X509Certificate(await spoiled('reversed')).ca).toBe(true);
    const otherKey = new X509Certificate(await spoiled('otherKey'));
    expect(otherKey.publicKey.equals(right.publicKey)).toBe(false);
    expect(new X509Certificate(await spoiled('otherNames')).subjectAltName).toBe('DNS:other.example.com');
    expect(new X509Certificate(await spoiled('expired')).validToDate.getTime()).toBeLessThan(Date.now());
    expect(new X509Certificate(await spoiled('future')).validFromDate.getTime()).toBeGreaterThan(Date.now());
    expect(new X509Certificate(await client.getCertificate(order)).serialNumber).toBe(right.serialNumber);
  });

  test('a challenge is looked at later', async () => {
    await using ca = await startCa({ ...ports, validationDelayMs: 50, retryAfter: { challenge: 1 } });
    await obtain(await accountAt(ca), { names: ['a.example.com'], type: 'http-01', responder });
    expect(ca.requestsTo('challenge').length).toBeGreaterThan(1);
  });
});
