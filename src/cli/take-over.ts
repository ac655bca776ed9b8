// Puts a certificate from elsewhere into the storage, in the place of the one that would be ordered.
import { X509Certificate } from 'node:crypto';
import { fileNameOf } from '../acme/storage/names.ts';
import type { Storage } from '../acme/storage/storage.ts';
import { CertificateStore, seemsComplete } from '../acme/store.ts';
import { lookForCertificates } from '../admin/client.ts';
import { GatehouseError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { Certificate } from '../tls/certificate.ts';
import { coversName } from '../tls/names.ts';
import { say } from './outcome.ts';
import { storageFor } from './storage.ts';
import { viewStored } from './stored.ts';

const LOCK_TIMEOUT_MS = 60_000;

export interface TakenOver {
  readonly names: readonly string[];
  /** By a gateway that runs; else it is when one starts, or looks. */
  readonly isServed: boolean;
}

/**
 * For each name that is ordered and that it covers. Fails with a GatehouseError `certificate_invalid` when there is none,
 * and, unless forced, when it has expired, lacks its chain, or ends before the one in service.
 */
export async function takeOver(certificate: Certificate, config: Config, isForced: boolean): Promise<TakenOver> {
  const { managed, find } = await viewStored(config);
  const names = managed.names.filter((name) => coversName(certificate, name));
  if (names.length === 0) throw refused(whyNone(certificate, config, managed.names));
  if (!isForced) for (const name of names) mustBeBetter(certificate, find(name), name);
  using opened = await storageFor(config);
  const { storage } = opened;
  const store = new CertificateStore(storage, (message) => say(`warning: ${message}`));
  for (const name of names) await adopt(name, certificate, storage, store);
  return { names, isServed: await isTakenUp(names, certificate, config.admin.socket) };
}

function whyNone({ names }: Certificate, config: Config, managed: readonly string[]): string {
  if (config.certificates.issuer !== 'acme') {
    return 'certificates.issuer is internal, so nothing is ordered; name the files under certificates.files instead.';
  }
  const covered = names.join(', ') || 'no name';
  const wanted = managed.join(', ') || 'nothing';
  return `The certificate is for ${covered}, and the gateway orders ${wanted}. Name the files under certificates.files to serve it all the same.`;
}

function mustBeBetter(certificate: Certificate, present: Certificate | undefined, name: string): void {
  const endMs = certificate.notAfter.getTime();
  if (endMs <= Date.now()) {
    throw refused(
      `It expired on ${certificate.notAfter.toISOString()}: clients refuse it. --force imports it all the same.`,
    );
  }
  if (!seemsComplete(certificate.chainPem, new X509Certificate(certificate.chainPem))) {
    throw refused(
      'It lacks its intermediate certificate: give the file with the whole chain (fullchain.pem). --force imports it all the same.',
    );
  }
  if (present === undefined || present.notAfter.getTime() <= endMs) return;
  throw refused(
    `${name} has one until ${present.notAfter.toISOString()} already, which is longer. --force replaces it.`,
  );
}

/** Not while the gateway works on the name. What failed before is forgotten: it was about another certificate. */
async function adopt(
  name: string,
  { chainPem, keyPem }: Certificate,
  storage: Storage,
  store: CertificateStore,
): Promise<void> {
  const lock = await storage.lock(`certificate-${fileNameOf(name)}`, AbortSignal.timeout(LOCK_TIMEOUT_MS));
  try {
    await store.adopt(name, chainPem, keyPem);
    await store.saveStory(name, {});
  } finally {
    await lock.release();
  }
}

/** Whether the running gateway serves it already. */
async function isTakenUp(
  names: readonly string[],
  { notAfter }: Certificate,
  socket: string | undefined,
): Promise<boolean> {
  if (socket === undefined) return false;
  try {
    const statuses = await lookForCertificates(socket);
    const end = notAfter.toISOString();
    return names.every((name) => statuses.some((status) => status.name === name && status.notAfter === end));
  } catch (error) {
    if (error instanceof GatehouseError) return false;
    throw error;
  }
}

function refused(message: string): GatehouseError {
  return new GatehouseError('certificate_invalid', 'gateway', message);
}
