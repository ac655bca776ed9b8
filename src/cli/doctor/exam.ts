// The whole examination of one name: what can be looked at on its own at once, then what an order would meet, in the order
// in which it is told.

import type { ChallengeType } from '../../acme/challenges/solve.ts';
import type { ManagedStatus } from '../../acme/status.ts';
import { fileNameOf } from '../../acme/storage/names.ts';
import type { Certificate } from '../../tls/certificate.ts';
import { type Addresses, lookAtAddresses, type Place } from './addresses.ts';
import { probeAlpn } from './alpn-probe.ts';
import { type AuthorityView, lookAtAuthority } from './authority.ts';
import { lookAtCaa } from './caa.ts';
import { probeDns } from './dns-probe.ts';
import { type Finding, fail, ok, warn, within } from './finding.ts';
import { probeHttp } from './http-probe.ts';
import { lookAtLimits } from './limits.ts';
import type { Patient } from './patient.ts';
import { lookAtPorts } from './ports.ts';
import { rehearse } from './rehearsal.ts';
import { lookAtService, lookAtShown } from './service.ts';
import { lookAtStorage } from './storage.ts';

const LOOK_MS = 20_000;
const PROBE_MS = 30_000;
const REHEARSAL_MS = 120_000;
/** A name server may take its time to show a record; the setting says how long, and this comes on top. */
const DNS_PROBE_MARGIN_MS = 30_000;
const LOCK_MS = 60_000;

/** What is in service now. */
export interface InService {
  readonly certificate: Certificate | undefined;
  readonly status: ManagedStatus | undefined;
}

/** For a name whose certificate is ordered. Findings come as soon as they and all before them are known. */
export async function* examine(patient: Patient, inService: InService): AsyncGenerator<Finding> {
  const { issuers } = patient.config.certificates.acme;
  const storage = within('storage', LOOK_MS, () => lookAtStorage(patient));
  const addresses = addressesOf(patient);
  const authorities = issuers.map((issuer) => authorityOf(patient, issuer));
  const caa = Promise.all(authorities).then((views) =>
    Promise.all(
      views.map((view) =>
        within('caa', LOOK_MS, (signal) => lookAtCaa(patient, { ...view, types: patient.types }, signal)),
      ),
    ),
  );
  const limits = issuers.map((issuer) => within('limits', LOOK_MS, () => lookAtLimits(patient, issuer)));
  const { places, findings: dns } = await addresses;
  const ports = within('ports', LOOK_MS, (signal) => lookAtPorts(patient, places, signal));
  const shown = within('served', LOOK_MS, (signal) => lookAtShown(patient, places, inService.certificate, signal));

  yield gatewayFinding(patient);
  yield* await storage;
  yield* lookAtService(inService.certificate, inService.status);
  yield* await shown;
  for (const authority of authorities) yield* (await authority).findings;
  for (const limit of limits) yield* await limit;
  yield* dns;
  for (const findings of await caa) yield* findings;
  yield* await ports;
  const isStored = (await storage).every(({ level }) => level !== 'fail');
  if (isStored) yield* tryChallenges(patient, places);
  else yield warn('challenges', 'not tried, since the storage is not fit');
}

function gatewayFinding({ status, config }: Patient): Finding {
  if (status !== undefined) return ok('gateway', `it runs as process ${status.pid} since ${status.startedAt}`);
  if (config.admin.socket === undefined) return warn('gateway', 'admin.socket is off, so it cannot be asked');
  return fail(
    'gateway',
    `none answers on ${config.admin.socket}, so nobody answers challenges`,
    'Start it: gatehouse run',
  );
}

async function addressesOf(patient: Patient): Promise<Addresses> {
  let places: readonly Place[] = [];
  const findings = await within('dns', LOOK_MS, async (signal) => {
    const found = await lookAtAddresses(patient, signal);
    places = found.places;
    return found.findings;
  });
  return { findings, places };
}

async function authorityOf(patient: Patient, issuer: Parameters<typeof lookAtAuthority>[1]): Promise<AuthorityView> {
  let view: AuthorityView = { findings: [], identities: [], account: undefined };
  const findings = await within('authority', LOOK_MS, async () => {
    view = await lookAtAuthority(patient, issuer);
    return view.findings;
  });
  return { ...view, findings };
}

/** Under the lock of the name, so that a probe never takes the place of a real answer. */
async function* tryChallenges(patient: Patient, places: readonly Place[]): AsyncGenerator<Finding> {
  const { storage, name, types } = patient;
  const lock = await storage
    .lock(`certificate-${fileNameOf(name)}`, AbortSignal.timeout(LOCK_MS))
    .catch(() => undefined);
  if (lock === undefined) {
    yield warn(
      'challenges',
      'not tried: the gateway is ordering this very certificate',
      'Try again when it has ended.',
    );
    return;
  }
  try {
    const probes = types.map((type) =>
      within(type, timeFor(type, patient), (signal) => probe(type, patient, places, signal)),
    );
    for (const findings of probes) yield* await findings;
    yield* await rehearsal(patient);
  } finally {
    await lock.release();
  }
}

function timeFor(type: ChallengeType, { config }: Patient): number {
  if (type !== 'dns-01') return PROBE_MS;
  const { propagation } = config.certificates.acme.dns ?? {};
  return (propagation?.delayMs ?? 0) + (propagation?.timeoutMs ?? 0) + DNS_PROBE_MARGIN_MS;
}

function probe(
  type: ChallengeType,
  patient: Patient,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (type === 'dns-01') return probeDns(patient, signal);
  return type === 'http-01' ? probeHttp(patient, places, signal) : probeAlpn(patient, places, signal);
}

/** With the first authority: the others stand in for it only. */
async function rehearsal(patient: Patient): Promise<readonly Finding[]> {
  const { staging, status, config } = patient;
  const [issuer] = config.certificates.acme.issuers;
  if (staging === undefined || issuer === undefined) return [];
  if (status === undefined && config.admin.socket !== undefined) {
    return [warn('rehearsal', 'not tried, since no gateway runs that would answer')];
  }
  const time = REHEARSAL_MS + (patient.dns === undefined ? 0 : timeFor('dns-01', patient));
  return within('rehearsal', time, (signal) => rehearse(patient, issuer, staging, signal));
}
