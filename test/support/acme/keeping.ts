// A keeper of certificates without a gateway around it, with a folder of its own, against a CA that believes everything
// unless its settings say otherwise.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { CertificateKeeper } from '../../../src/acme/keeper.ts';
import type { ManagedStatus } from '../../../src/acme/status.ts';
import { FolderStorage } from '../../../src/acme/storage/folder.ts';
import type { Storage } from '../../../src/acme/storage/storage.ts';
import type { AcmeConfig, AcmeIssuer, CertificatesConfig } from '../../../src/config/model/certificates.ts';
import type { Certificate } from '../../../src/tls/certificate.ts';
import type { Ca } from './ca.ts';
import { startCa } from './ca.ts';
import type { CaOptions } from './settings.ts';

export interface Told {
  readonly level: string;
  readonly message: string;
}

export interface Kept {
  readonly keeper: CertificateKeeper;
  readonly folder: string;
  readonly told: Told[];
  status(name: string): ManagedStatus | undefined;
  /** In service, as soon as it is. */
  certificate(name: string): Promise<Certificate>;
  /** As soon as the last try for the name has failed. */
  failure(name: string): Promise<NonNullable<ManagedStatus['failure']>>;
}

export interface KeepOptions extends Partial<AcmeConfig> {
  readonly folder?: string;
  readonly now?: () => number;
  /** In place of the folder. */
  readonly storage?: Storage;
}

/** A CA that validates nothing and speaks plain HTTP, which is quick; closed after the test. */
export async function quickCa(options: CaOptions = {}): Promise<Ca> {
  const ca = await startCa({ validates: false, plainHttp: true, ...options });
  onTestFinished(() => ca.down());
  return ca;
}

export function issuerOf(ca: Pick<Ca, 'directory' | 'trustedRoot'>, more: Partial<AcmeIssuer> = {}): AcmeIssuer {
  return {
    directory: ca.directory,
    email: undefined,
    eab: undefined,
    profile: undefined,
    preferredChain: undefined,
    trustedRoots: ca.trustedRoot === undefined ? [] : [ca.trustedRoot],
    ...more,
  };
}

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-acme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function keeping(issuers: readonly AcmeIssuer[], options: KeepOptions = {}): Promise<Kept> {
  const { folder = await newFolder(), now, storage = new FolderStorage(folder), ...acme } = options;
  const told: Told[] = [];
  const config: CertificatesConfig = {
    storage: folder,
    isShared: false,
    issuer: 'acme',
    files: [],
    acme: {
      issuers,
      challenges: ['http-01', 'tls-alpn-01'],
      dns: undefined,
      onDemand: undefined,
      checkEveryMs: 600_000,
      timeoutMs: 10_000,
      ...acme,
    },
  };
  const keeper = new CertificateKeeper(config, storage, (level, message) => told.push({ level, message }), now);
  onTestFinished(() => keeper.stop());
  const status = (name: string): ManagedStatus | undefined => keeper.status().find((one) => one.name === name);
  return {
    keeper,
    folder,
    told,
    status,
    certificate: (name) =>
      soon(
        () => keeper.find(name),
        () => JSON.stringify([keeper.status(), told]),
      ),
    failure: (name) => soon(() => status(name)?.failure),
  };
}

/** Begins to keep the names at once. */
export async function keep(ca: Ca, names: readonly string[], options: KeepOptions = {}): Promise<Kept> {
  const kept = await keeping([issuerOf(ca)], options);
  await kept.keeper.load(names);
  kept.keeper.start(names);
  return kept;
}

/** What `look` finds, as soon as it finds something. */
export function soon<T>(
  look: () => Promise<T | undefined> | T | undefined,
  else_ = (): string => 'nothing yet',
  timeout = 15_000,
): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined || found === false) throw new Error(else_());
      return found;
    },
    { timeout, interval: 10 },
  );
}
