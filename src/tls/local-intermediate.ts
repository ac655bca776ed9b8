// The intermediate of the local CA, which signs the leaves, so that the root's key is used about once a year. It may be
// replaced at any time: clients trust the root, and every leaf's file holds the intermediate that signed it.
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Asn1Node, child, elements, objectId, octets, parseNode } from './asn1.ts';
import { isIssuedBy } from './chain.ts';
import { readIfThere, replaceFile, setAside } from './files.ts';
import { isFresh } from './freshness.ts';
import { issueCertificate } from './issue.ts';
import { newKey, pemOfKey } from './keys.ts';
import { CLOCK_SKEW_MS, type LocalRoot } from './local-root.ts';

/** A third of it, when the next one is made, is longer than a leaf lives. */
const INTERMEDIATE_LIFE_MS = 365 * 24 * 3_600_000;
const BASIC_CONSTRAINTS = '2.5.29.19';

/** Who signs leaves. */
export interface Issuer {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** What is sent behind a leaf; empty when the root signs itself. */
  readonly chainPem: string;
}

/**
 * The intermediate in `current.pem`; a new one when there is none, or when less than a third of its life is left. One
 * that cannot be used is renamed and replaced. A root that allows none, as earlier versions made it, signs leaves itself.
 * Of two processes that make one at once, both serve theirs and the later one stays. Throws GatehouseError
 * `certificate_invalid` when the storage cannot be read or written.
 */
export function openIssuer(root: LocalRoot, nowMs: number): Issuer {
  if (pathLength(root.certificate) === 0) return { certificate: root.certificate, key: root.key, chainPem: '' };
  const path = join(root.intermediateFolder, 'current.pem');
  return storedIntermediate(root, path, nowMs) ?? newIntermediate(root, path, nowMs);
}

function storedIntermediate(root: LocalRoot, path: string, nowMs: number): Issuer | undefined {
  const pem = readIfThere(path);
  if (pem === undefined) return undefined;
  try {
    const certificate = new X509Certificate(pem);
    const key = createPrivateKey(pem.slice(pem.indexOf('-----BEGIN PRIVATE KEY-----')));
    if (certificate.ca && certificate.checkPrivateKey(key) && isIssuedBy(certificate, root.certificate)) {
      const { validFromDate: notBefore, validToDate: notAfter } = certificate;
      return isFresh({ notBefore, notAfter }, nowMs)
        ? { certificate, key, chainPem: certificate.toString() }
        : undefined;
    }
  } catch {
    // Damaged: the same as one that belongs to another root.
  }
  setAside(path);
  return undefined;
}

function newIntermediate(root: LocalRoot, path: string, nowMs: number): Issuer {
  const key = newKey();
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const certificate = issueCertificate({
    commonName: `Gatehouse Local Intermediate ${day} ${randomBytes(2).toString('hex')}`,
    key,
    issuer: root,
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(Math.min(nowMs + INTERMEDIATE_LIFE_MS, root.certificate.validToDate.getTime())),
    names: undefined,
  });
  const chainPem = certificate.toString();
  // One file for both halves, as for a leaf.
  replaceFile(path, chainPem + pemOfKey(key));
  return { certificate, key, chainPem };
}

/** How many authorities may stand below this one (RFC 5280, 4.2.1.9); undefined: any number. */
function pathLength(certificate: X509Certificate): number | undefined {
  const tbs = child(parseNode(certificate.raw), 0);
  const extensions = elements(child(elements(tbs).at(-1) as Asn1Node, 0));
  const constraints = extensions.find((extension) => objectId(child(extension, 0)) === BASIC_CONSTRAINTS);
  if (constraints === undefined) return undefined;
  const value = elements(parseNode(octets(elements(constraints).at(-1) as Asn1Node)));
  return value[1] === undefined ? undefined : octets(value[1]).readUInt8(0);
}
