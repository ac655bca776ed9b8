// The root of the local CA: its key and certificate on disk. Operators install it on their machines by hand, so it is
// made once and never replaced: a new root would be one that nobody trusts.
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { certificateInvalid } from './chain.ts';
import { createFolder, readIfThere, removeFolder } from './files.ts';
import { issueCertificate } from './issue.ts';
import { newKey, pemOfKey } from './keys.ts';

const ROOT_LIFE_MS = 10 * 365 * 24 * 3_600_000;
/** Room for it in a common name of 64 characters. */
const MAX_HOST_LENGTH = 24;

export interface LocalRoot {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** Of the certificate's file. */
  readonly path: string;
  /** Where leaves are kept. */
  readonly leavesFolder: string;
  /** Where the intermediate is kept. */
  readonly intermediateFolder: string;
}

/** How far before the present a certificate begins, for clients whose clock is slow. */
export const CLOCK_SKEW_MS = 3_600_000;

/**
 * Opens `root.pem` and `root.key` in `<storage>/internal/`, or makes both when neither is there; of several processes
 * that start at once, one makes them and the others read them. Throws GatehouseError `certificate_invalid` on a pair
 * that is damaged, incomplete or expired.
 */
export function openRoot(storage: string, nowMs: number): LocalRoot {
  const folder = join(storage, 'internal');
  const root = readRoot(folder, nowMs) ?? makeRoot(folder, nowMs);
  if (root !== undefined) return root;
  // Both files were deleted to begin anew. What the old root has signed is worth nothing, and it stands in the way.
  removeFolder(join(folder, 'leaves'));
  removeFolder(join(folder, 'intermediate'));
  const secondRoot = makeRoot(folder, nowMs);
  if (secondRoot !== undefined) return secondRoot;
  throw certificateInvalid(
    `${folder} holds other files but no root.pem and root.key. Move them away, or name another folder as \`certificates.storage\`.`,
  );
}

/** Undefined when the folder holds something else. */
function makeRoot(folder: string, nowMs: number): LocalRoot | undefined {
  const key = newKey();
  createFolder(folder, {
    'root.pem': newRoot(key, nowMs).toString(),
    'root.key': pemOfKey(key),
  });
  // Read back in any case: another process may have been first, and then its root counts.
  return readRoot(folder, nowMs);
}

/** A certificate for the root, which signs itself. */
export function newRoot(key: KeyObject, nowMs: number): X509Certificate {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, '')
    .slice(0, MAX_HOST_LENGTH);
  // Two roots of one name but with different keys confuse trust stores; the last part keeps them apart.
  const commonName = `Gatehouse Local CA ${host} ${day} ${randomBytes(2).toString('hex')}`;
  return issueCertificate({
    commonName,
    key,
    issuer: undefined,
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(nowMs + ROOT_LIFE_MS),
    names: undefined,
    pathLength: 1,
  });
}

/** Undefined when neither file is there. */
function readRoot(folder: string, nowMs: number): LocalRoot | undefined {
  const path = join(folder, 'root.pem');
  const keyPath = join(folder, 'root.key');
  if (!existsSync(path) && !existsSync(keyPath)) return undefined;
  // Both appear in one step, so from here on a missing one is really missing.
  const pem = readIfThere(path);
  const keyPem = readIfThere(keyPath);
  if (pem === undefined) throw unusable(path, 'is missing while root.key is there', folder);
  if (keyPem === undefined) throw unusable(keyPath, 'is missing while root.pem is there', folder);
  const certificate = parsed(path, folder, () => new X509Certificate(pem));
  const key = parsed(keyPath, folder, () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) throw unusable(keyPath, 'does not belong to root.pem', folder);
  if (!certificate.ca || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw unusable(path, 'is not a root that Gatehouse made', folder);
  }
  if (certificate.validToDate.getTime() <= nowMs) {
    throw unusable(path, `expired on ${certificate.validToDate.toISOString()}`, folder);
  }
  return {
    certificate,
    key,
    path,
    leavesFolder: join(folder, 'leaves'),
    intermediateFolder: join(folder, 'intermediate'),
  };
}

function parsed<T>(path: string, folder: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw unusable(path, 'is damaged', folder, error);
  }
}

function unusable(path: string, what: string, folder: string, cause?: unknown): Error {
  return certificateInvalid(
    `The local CA cannot be used: ${path} ${what}. Restore root.pem and root.key from a backup. To begin anew, delete both in ${folder}; every machine must then be told to trust the new root (gatehouse certs trust).`,
    cause,
  );
}
