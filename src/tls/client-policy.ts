// Whose certificates a site takes from its clients: authorities and revocation lists, read from files and tried out.
import { createHash, type X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { GatehouseError, type Problem } from '../base/errors.ts';
import type { ClientCertificatesConfig, SiteConfig } from '../config/model/sites.ts';
import type { Certificate } from './certificate.ts';
import { certificateInvalid, readCertificates } from './chain.ts';
import { readOperatorFile } from './operator-file.ts';

const CRL_BLOCK = /-----BEGIN X509 CRL-----[\s\S]*?-----END X509 CRL-----/g;
/** All of them are named to every client that is asked. */
const MAX_AUTHORITIES = 256;

/** Immutable. Two with one `id` take the same certificates, whatever their modes. */
export interface ClientPolicy {
  readonly id: string;
  readonly mode: ClientCertificatesConfig['mode'];
  /** What is in the file: each is an anchor, be it a root, an intermediate, or one client's own certificate. */
  readonly anchors: readonly X509Certificate[];
  readonly hasRevocationLists: boolean;
  /** What a handshake checks a client by. */
  readonly trust: SecureContextOptions;
}

export interface LoadedClientPolicies {
  /** By the site's own name. */
  readonly bySite: ReadonlyMap<string, ClientPolicy>;
  /** With any of these the configuration must not be used. */
  readonly problems: readonly Problem[];
  /** What could not be loaded anew; the policy of before stays in its place. */
  readonly kept: readonly Problem[];
}

/**
 * Never throws for what is wrong with files. `previous`: what stays where a file cannot be read. `known`: what is in force
 * now; a policy that would come out the same is used on.
 */
export async function loadClientPolicies(
  sites: readonly Pick<SiteConfig, 'name' | 'clientCertificates'>[],
  { previous, known = previous }: { previous?: LoadedClientPolicies; known?: LoadedClientPolicies | undefined } = {},
): Promise<LoadedClientPolicies> {
  const bySite = new Map<string, ClientPolicy>();
  const problems: Problem[] = [];
  const kept: Problem[] = [];
  for (const { name, clientCertificates: config } of sites) {
    if (config === undefined) continue;
    try {
      bySite.set(name, await loadPolicy(config, known?.bySite.get(name)));
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const before = previous?.bySite.get(name);
      if (before !== undefined) bySite.set(name, before);
      const problem = { file: config.ca, line: 0, column: 0, code: 'certificate-invalid', message: error.message };
      (before === undefined ? problems : kept).push(problem);
    }
  }
  return { bySite, problems, kept };
}

async function loadPolicy(
  { mode, ca, crl }: ClientCertificatesConfig,
  known: ClientPolicy | undefined,
): Promise<ClientPolicy> {
  const anchors = readCertificates((await readOperatorFile(ca)).toString('latin1'), ca, MAX_AUTHORITIES);
  const lists = crl === undefined ? undefined : revocationLists(await readOperatorFile(crl), crl);
  const authorities = anchors.map((anchor) => anchor.toString());
  const id = createHash('sha256')
    .update(JSON.stringify([authorities, lists]))
    .digest('base64url');
  if (known?.id === id && known.mode === mode) return known;
  const trust: SecureContextOptions = {
    ca: authorities,
    // An intermediate in the file is enough: its root need not be there.
    allowPartialTrustChain: true,
    ...(lists === undefined ? {} : { crl: lists }),
  };
  tryOut(trust, crl ?? ca);
  return { id, mode, anchors, hasRevocationLists: lists !== undefined, trust };
}

function revocationLists(bytes: Buffer, source: string): string[] {
  const lists = bytes.toString('latin1').match(CRL_BLOCK);
  if (lists !== null) return lists;
  throw certificateInvalid(
    `${source} holds no revocation list in PEM form (-----BEGIN X509 CRL-----). A DER file becomes PEM with: openssl crl -inform der -in FILE -out FILE.pem`,
  );
}

function tryOut(trust: SecureContextOptions, source: string): void {
  try {
    createSecureContext(trust);
  } catch (error) {
    throw certificateInvalid(`${source} is damaged and cannot be read. Copy it again from where it was issued.`, error);
  }
}

const contexts = new WeakMap<ClientPolicy, WeakMap<Certificate, SecureContext>>();

/** The context of a certificate that also asks clients for theirs; made once for each pair. */
export function askingContext(certificate: Certificate, policy: ClientPolicy): SecureContext {
  const known = contexts.getOrInsertComputed(policy, () => new WeakMap());
  return known.getOrInsertComputed(certificate, () =>
    createSecureContext({ cert: certificate.chainPem, key: certificate.keyPem, ...policy.trust }),
  );
}
