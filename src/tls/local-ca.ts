// Gatehouse's own CA, for names that no public CA certifies and for trying things out. Leaves are short-lived, have a
// new key each, and are kept on disk, with the intermediate that signed them, so that a restart does not change what
// clients see.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Certificate, readCertificate } from './certificate.ts';
import { certificateInvalid, isIssuedBy, readCertificates } from './chain.ts';
import { readIfThere, replaceFile } from './files.ts';
import { isFresh } from './freshness.ts';
import { issueCertificate } from './issue.ts';
import { newKey, pemOfKey } from './keys.ts';
import { type Issuer, openIssuer } from './local-intermediate.ts';
import { CLOCK_SKEW_MS, type LocalRoot, newRoot, openRoot } from './local-root.ts';
import { isCertificateName, normalName } from './names.ts';

const LEAF_LIFE_MS = 90 * 24 * 3_600_000;
/** Of the part of a file's name that is there for people; the digest behind it makes it unique. */
const MAX_LABEL_LENGTH = 80;

export interface LocalCa {
  /** What clients must trust. */
  readonly rootPem: string;
  readonly rootPath: string;
  readonly rootNotAfter: Date;
  /**
   * A certificate for exactly these DNS names, wildcards and addresses; a stored one as long as more than a third of
   * its life is left. Throws GatehouseError `certificate_invalid` for no names, for what is not a name, and when the
   * storage cannot be written. `known` is given back when it is the one that is stored.
   */
  certificateFor(names: readonly string[], known?: Certificate): Certificate;
}

/**
 * Opens the local CA under `<storage>/internal/`, and makes it when it is not there. `now` gives ms since 1970.
 * Throws GatehouseError `certificate_invalid` when a root is there that cannot be used: it is never replaced.
 */
export function openLocalCa(storage: string, now: () => number = Date.now): LocalCa {
  const root = openRoot(storage, now());
  return {
    rootPem: root.certificate.toString(),
    rootPath: root.path,
    rootNotAfter: root.certificate.validToDate,
    certificateFor: (names, known) => certificateFor(root, names, now(), known),
  };
}

function certificateFor(
  root: LocalRoot,
  requested: readonly string[],
  nowMs: number,
  known: Certificate | undefined,
): Certificate {
  const names = fitNames(requested);
  const path = join(root.leavesFolder, leafFileName(names));
  return storedLeaf(root, names, path, nowMs, known) ?? newLeaf(root, names, path, nowMs);
}

/** Undefined when there is none, or none that may be used any longer; a damaged one is simply replaced. */
function storedLeaf(
  root: LocalRoot,
  names: readonly string[],
  path: string,
  nowMs: number,
  known: Certificate | undefined,
): Certificate | undefined {
  const pem = readIfThere(path);
  if (pem === undefined) return undefined;
  try {
    const leaf = readCertificate(pem, pem, undefined, 'internal', { nowMs, known });
    // The chain holds together, or `readCertificate` had cut it; so its last link decides.
    const last = readCertificates(leaf.chainPem, path).at(-1);
    const isOurs = last !== undefined && isIssuedBy(last, root.certificate);
    return isOurs && isFresh(leaf, nowMs) && haveSameMembers(leaf.names, names) ? leaf : undefined;
  } catch {
    return undefined;
  }
}

function newLeaf(root: LocalRoot, names: readonly string[], path: string, nowMs: number): Certificate {
  const { chainPem, keyPem } = signedLeaf(openIssuer(root, nowMs), names, nowMs);
  // One file for both halves: a crash or a second process can never leave a key beside the wrong certificate.
  const pem = chainPem + keyPem;
  replaceFile(path, pem);
  return readCertificate(pem, pem, undefined, 'internal', { nowMs });
}

/**
 * A local CA without a folder, for as long as the real one cannot be used: nobody trusts it, and it ends with the process.
 */
export function passingCa(storage: string, now: () => number = Date.now): LocalCa {
  const key = newKey();
  const certificate = newRoot(key, now());
  const issuer: Issuer = { certificate, key, chainPem: '' };
  const made = new Map<string, Certificate>();
  return {
    rootPem: certificate.toString(),
    rootPath: join(storage, 'internal'),
    rootNotAfter: certificate.validToDate,
    certificateFor: (requested) => {
      const names = fitNames(requested);
      const before = made.get(names.join(' '));
      if (before !== undefined && isFresh(before, now())) return before;
      const { chainPem, keyPem } = signedLeaf(issuer, names, now());
      const leaf = readCertificate(chainPem, keyPem, undefined, 'internal', { nowMs: now() });
      made.set(names.join(' '), leaf);
      return leaf;
    },
  };
}

/** In their one spelling, each once. */
function fitNames(requested: readonly string[]): string[] {
  const names = [...new Set(requested.map(normalName))];
  const unfit = names.find((name) => !isCertificateName(name));
  if (unfit === undefined && names.length > 0) return names;
  throw certificateInvalid(
    unfit === undefined
      ? 'A certificate of the local CA needs at least one name.'
      : `The local CA cannot certify ${JSON.stringify(unfit)}: it is neither a host name, a wildcard of one label (*.example.com) nor an address.`,
  );
}

function signedLeaf(issuer: Issuer, names: readonly string[], nowMs: number): { chainPem: string; keyPem: string } {
  const key = newKey();
  const certPem = issueCertificate({
    commonName: names[0] as string,
    key,
    issuer,
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(Math.min(nowMs + LEAF_LIFE_MS, issuer.certificate.validToDate.getTime())),
    names,
  }).toString();
  return {
    chainPem: certPem + issuer.chainPem,
    keyPem: pemOfKey(key),
  };
}

/**
 * Never a path: only letters, digits, `.`, `-` and `_` survive, and a digest of all names ends it. The label is the
 * last in order, as letters sort behind digits, `:` and `*`: a host name where there is one.
 */
function leafFileName(names: readonly string[]): string {
  const sorted = names.toSorted();
  const label = (sorted.at(-1) as string).replace('*', '_wildcard').replaceAll(/[^a-z0-9._-]/g, '-');
  const digest = createHash('sha256').update(sorted.join(' ')).digest('hex');
  return `${label.slice(0, MAX_LABEL_LENGTH)}-${digest.slice(0, 16)}.pem`;
}

function haveSameMembers(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}
