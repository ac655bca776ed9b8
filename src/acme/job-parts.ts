// What the care for certificates works with, made of the settings: the authorities that are asked, where things are kept,
// how names are proven.
import { createHash } from 'node:crypto';
import type { AcmeConfig, AcmeIssuer } from '../config/model/certificates.ts';
import type { Source } from './attempt.ts';
import { Authority } from './authority.ts';
import { ChallengeAnswers } from './challenges/answers.ts';
import { Dns01 } from './dns/challenge.ts';
import type { JobEvents, JobParts } from './job.ts';
import { limitsOf } from './known.ts';
import { Ledger } from './ledger.ts';
import { Rest } from './rest.ts';
import type { Storage } from './storage/storage.ts';
import { CertificateStore } from './store.ts';

export interface Surroundings {
  readonly storage: Storage;
  readonly warn: (message: string) => void;
  /** Ms since 1970. */
  readonly now: () => number;
  readonly events: JobEvents;
}

export function jobParts(acme: AcmeConfig, { storage, warn, now, events }: Surroundings): JobParts {
  const sourceOf = (issuer: AcmeIssuer): Source => {
    const authority = new Authority(issuer, { storage, timeoutMs: acme.timeoutMs, now, warn });
    const ledger = new Ledger(storage, authority.id, limitsOf(issuer.directory));
    return { authority, ledger, rest: new Rest() };
  };
  return {
    sources: acme.issuers.map(sourceOf),
    tools: {
      acme,
      storage,
      store: new CertificateStore(storage, warn, now),
      answers: new ChallengeAnswers(storage, now),
      dns: acme.dns === undefined ? undefined : new Dns01(acme.dns),
      warn,
      now,
    },
    events,
    settings: settingsOf(acme),
  };
}

/** An operator who has changed something does not wait for the failure of what was. */
function settingsOf({ challenges, dns, issuers }: AcmeConfig): string {
  // No secret of theirs can be read from it.
  return createHash('sha256')
    .update(JSON.stringify([challenges, dns, issuers]))
    .digest('base64url');
}
