// Four sites behind one certificate of the gateway, so that a client may use one connection for all of them: `a.test`
// requires the company's certificates, `p.test` the partner's, `m.test` may have the company's, `o.test` asks nobody.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Backend, startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { startGateway, type World } from '../support/world.ts';
import { makeAuthority, makeLeaf } from '../tls/material.ts';

export const company: ClientAuthority = new ClientAuthority('Company CA');
export const partner: ClientAuthority = new ClientAuthority('Partner CA');
const gatewayRoot = makeAuthority('Gateway CA');

export interface Scene {
  readonly world: World;
  readonly backend: Backend;
  /** Holds company.pem and partner.pem, which the gateway reads. */
  readonly files: string;
}

/** `more`: further sites, in which FILES and BACKEND are filled in. */
export async function startScene(more = ''): Promise<Scene> {
  const files = await temporaryFolder();
  const backend = await startBackend();
  const leaf = makeLeaf(['*.test'], { issuer: gatewayRoot });
  const contents = {
    'company.pem': company.certPem,
    'partner.pem': partner.certPem,
    'company.crl': company.revocationList([]),
    'gateway.pem': leaf.certPem + leaf.keyPem,
  };
  for (const [name, text] of Object.entries(contents)) writeFileSync(path.join(files, name), text);
  const yaml = `
certificates: { files: [{ cert: "FILES/gateway.pem", key: "FILES/gateway.pem" }] }
sites:
  a.test: { to: "BACKEND", clientCertificates: { mode: require, ca: "FILES/company.pem" } }
  p.test: { to: "BACKEND", clientCertificates: { mode: require, ca: "FILES/partner.pem" } }
  m.test: { to: "BACKEND", clientCertificates: { mode: request, ca: "FILES/company.pem" } }
  o.test: { to: "BACKEND" }
${more}`;
  const world = await startGateway(yaml.replaceAll('BACKEND', backend.url).replaceAll('FILES', files));
  return { world: { ...world, ca: world.ca + gatewayRoot.certPem }, backend, files };
}
