// Our own CA takes no request that RFC 8555, 6 does not allow.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Ca } from '../support/acme/ca.ts';
import { startCa } from '../support/acme/ca.ts';
import type { Wrong } from './signer.ts';
import { Signer } from './signer.ts';

const ORDER = { identifiers: [{ type: 'dns', value: 'a.example.com' }] };

async function member(ca: Ca, type: 'ec' | 'rsa' = 'ec'): Promise<Signer> {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer = await Signer.at(ca.directory, privateKey);
  signer.kid = (await signer.post('newAccount', {})).location;
  return signer;
}

describe('a signed request', () => {
  test.for(['ec', 'rsa'] as const)('with an %s key is taken', async (type) => {
    await using ca = await startCa({ plainHttp: true });
    const told = await (await member(ca, type)).post('newOrder', ORDER);
    expect(told).toMatchObject({ status: 201, body: { status: 'pending' } });
  });

  test.for<[string, Wrong, number, string]>([
    ['a nonce of its own', { header: { nonce: 'bm9uY2U' } }, 400, 'badNonce'],
    ['no nonce', { header: { nonce: undefined } }, 400, 'badNonce'],
    ['another URL', { header: { url: 'https://127.0.0.1/newOrder' } }, 403, 'unauthorized'],
    ['a key and an account', { header: { jwk: {} } }, 400, 'malformed'],
    ['a key instead of its account', { header: { jwk: {}, kid: undefined } }, 400, 'malformed'],
    ['an unknown account', { header: { kid: 'https://127.0.0.1/1' } }, 400, 'accountDoesNotExist'],
    ['no algorithm', { header: { alg: 'none' } }, 400, 'badSignatureAlgorithm'],
    ['an algorithm of other keys', { header: { alg: 'RS256' } }, 400, 'badPublicKey'],
    ['a wrong signature', { breakSignature: true }, 400, 'malformed'],
    ['another media type', { contentType: 'application/json' }, 415, 'malformed'],
  ])('with %s is refused', async ([, wrong, status, type]) => {
    await using ca = await startCa({ plainHttp: true });
    const told = await (await member(ca)).post('newOrder', ORDER, wrong);
    expect(told).toMatchObject({ status, type });
    expect(ca.orders).toEqual([]);
  });

  test('is taken once: its nonce is used up', async () => {
    await using ca = await startCa({ plainHttp: true });
    const signer = await member(ca);
    const header = { nonce: await signer.nonce() };
    expect((await signer.post('newOrder', ORDER, { header })).status).toBe(201);
    expect(await signer.post('newOrder', ORDER, { header })).toMatchObject({ status: 400, type: 'badNonce' });
  });

  test('of a deactivated account is refused', async () => {
    await using ca = await startCa({ plainHttp: true });
    const signer = await member(ca);
    for (const account of ca.accounts) account.status = 'deactivated';
    expect(await signer.post('newOrder', ORDER)).toMatchObject({ status: 401, type: 'unauthorized' });
  });
});

test.for<[string, object, string]>([
  ['no names', { identifiers: [] }, 'malformed'],
  ['a name twice', { identifiers: [...ORDER.identifiers, ...ORDER.identifiers] }, 'malformed'],
  ['an unknown kind of name', { identifiers: [{ type: 'email', value: 'a@example.com' }] }, 'unsupportedIdentifier'],
  ['a name in capitals', { identifiers: [{ type: 'dns', value: 'A.example.com' }] }, 'rejectedIdentifier'],
  ['a name of one label', { identifiers: [{ type: 'dns', value: 'localhost' }] }, 'rejectedIdentifier'],
  ['a star within', { identifiers: [{ type: 'dns', value: 'a.*.example.com' }] }, 'rejectedIdentifier'],
  ['an address in long form', { identifiers: [{ type: 'ip', value: '0:0:0:0:0:0:0:1' }] }, 'malformed'],
  ['dates', { ...ORDER, notAfter: '2030-01-01T00:00:00Z' }, 'malformed'],
  ['an unknown profile', { ...ORDER, profile: 'classic' }, 'invalidProfile'],
])('an order with %s is refused', async ([, payload, type]) => {
  await using ca = await startCa({ plainHttp: true });
  expect((await (await member(ca)).post('newOrder', payload)).type).toBe(type);
});
