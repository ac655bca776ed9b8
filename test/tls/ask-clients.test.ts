// Asking clients on a Node that cannot ask by name: everybody is asked, and what is made of it stays the same.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { ClientProof } from '../../src/http/client-certificate.ts';
import { ASKS_NOBODY, type ClientAsking, canAskByName } from '../../src/tls/ask-clients.ts';
import { type ClientPolicy, loadClientPolicies } from '../../src/tls/client-policy.ts';
import { readProof } from '../../src/tls/client-proof.ts';
import { serverTlsOptions } from '../../src/tls/options.ts';
import { CertificateSelector } from '../../src/tls/select.ts';
import { Vouchers } from '../../src/tls/vouchers.ts';
import { ClientAuthority, type Identity } from '../support/client-authority.ts';
import { certificateFor, temporaryFolder } from './material.ts';

const company = new ClientAuthority('Company CA');
const ann = company.client('ann');
const eve = new ClientAuthority('Company CA').client('ann');

test('this Node can ask by name', () => {
  expect(canAskByName()).toBe(true);
});

test.for(
  (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) => [
    { version, servername: 'a.test', identity: ann, isShown: true, isGood: true },
    { version, servername: 'a.test', identity: eve, isShown: true, isGood: false },
    { version, servername: 'open.test', identity: ann, isShown: true, isGood: false },
    { version, servername: 'a.test', identity: undefined, isShown: false, isGood: false },
  ]),
)('without it $servername asks in $version, good only by its own authorities: $isGood', async (each) => {
  const policy = await policyOf(company.certPem);
  const proof = await proofOf(each.servername, each.version, each.identity, {
    clientPolicyFor: (sni) => (sni === 'a.test' ? policy : undefined),
    clientPolicies: [policy],
    asksByName: false,
  });
  expect(proof.certificate !== undefined).toBe(each.isShown);
  expect(proof.goodFor.has(policy.id)).toBe(each.isGood);
});

test('where no site asks, nobody is asked', async () => {
  const proof = await proofOf('a.test', 'TLSv1.3', ann, { ...ASKS_NOBODY, asksByName: false });
  expect(proof.certificate).toBeUndefined();
});

async function policyOf(pem: string): Promise<ClientPolicy> {
  const ca = join(temporaryFolder(), 'ca.pem');
  writeFileSync(ca, pem);
  const sites = [{ name: 'a.test', clientCertificates: { mode: 'require', ca, crl: undefined } }] as const;
  const { bySite } = await loadClientPolicies(sites);
  return bySite.get('a.test') as ClientPolicy;
}

async function proofOf(
  servername: string,
  maxVersion: 'TLSv1.2' | 'TLSv1.3',
  identity: Identity | undefined,
  asking: ClientAsking,
): Promise<ClientProof> {
  const certificate = certificateFor('a.test', 'open.test');
  const selector = new CertificateSelector([{ certificate, patterns: ['a.test', 'open.test'] }]);
  const server = createServer(serverTlsOptions(selector, { handshakeMs: 5000, asking: () => asking }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const secured = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connect({ port, host: '127.0.0.1', servername, maxVersion, rejectUnauthorized: false, ...identity });
  onTestFinished(() => void client.destroy());
  const [socket] = await secured;
  return readProof(socket, {
    policies: asking.clientPolicies,
    vouchers: new Vouchers(),
    isTicketKeyShared: false,
  });
}
