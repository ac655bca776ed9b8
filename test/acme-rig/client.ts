// acme-client as an independent witness: it walks one order by single calls, and answers challenges over real sockets.
import https from 'node:https';
import * as acme from 'acme-client';
import type { Responder } from './responder.ts';

/** acme-client has one HTTP client for all CAs, and so one set of roots. */
const trusted = new Set<string>();

export interface ClientSetup {
  readonly directory: string;
  /** What secures the API. */
  readonly rootPem: string;
  readonly eab?: { kid: string; hmacKey: string };
  readonly accountKey?: Buffer;
}

export async function newClient({ directory, rootPem, eab, accountKey }: ClientSetup): Promise<acme.Client> {
  trusted.add(rootPem);
  acme.axios.defaults.httpsAgent = new https.Agent({ ca: [...trusted] });
  acme.axios.defaults.proxy = false;
  return new acme.Client({
    directoryUrl: directory,
    accountKey: accountKey ?? (await acme.crypto.createPrivateEcdsaKey()),
    ...(eab !== undefined && { externalAccountBinding: eab }),
    backoffAttempts: 50,
    backoffMin: 20,
    backoffMax: 50,
  });
}

/** A client with an account that agreed to all terms. */
export async function newAccount(setup: ClientSetup): Promise<acme.Client> {
  const client = await newClient(setup);
  await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:ops@example.com'] });
  return client;
}

export interface Wish {
  readonly names: readonly string[];
  readonly type: 'http-01' | 'tls-alpn-01' | 'dns-01';
  readonly responder: Responder;
  /** Further fields of newOrder. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Got {
  readonly order: acme.Order;
  readonly pem: string;
}

/** One certificate, from the order to the chain; `Wish.type` solves every authorization that is not yet valid. */
export async function obtain(client: acme.Client, { names, type, responder, extra }: Wish): Promise<Got> {
  const identifiers = names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }));
  const order = await client.createOrder({ identifiers, ...extra });
  for (const authorization of await client.getAuthorizations(order)) {
    if (authorization.status === 'valid') continue;
    const challenge = authorization.challenges.find((one) => (one.type as string) === type);
    if (challenge === undefined) throw new Error(`no ${type} for ${authorization.identifier.value}`);
    const answer = await client.getChallengeKeyAuthorization(challenge);
    await responder.prepare(type, authorization, challenge.token, answer);
    await client.completeChallenge(challenge);
    await client.waitForValidStatus(challenge);
  }
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, await acme.crypto.createPrivateEcdsaKey());
  const done = await client.finalizeOrder(order, csr);
  return { order: done, pem: await client.getCertificate(done) };
}
