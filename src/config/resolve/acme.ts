// The authorities that certificates are ordered from, and how names are proved to them.

import type { AcmeConfig, AcmeIssuer, OnDemandConfig } from '../model/certificates.ts';
import type { Part } from '../part.ts';
import { challengeTypes } from '../schema/certificates.ts';
import { resolveDns } from './dns.ts';
import { readPem } from './pem.ts';

export function resolveAcme(part: Part, baseDir: string): AcmeConfig {
  const dns = resolveDns(part.at('dns'), baseDir);
  return {
    issuers: [part, ...part.at('fallback').items()].map((issuer) => resolveIssuer(issuer, baseDir)),
    challenges: resolveChallenges(part.at('challenges'), part.at('dns').isGiven),
    dns,
    checkEveryMs: part.at('checkEvery').durationMs(),
    timeoutMs: part.at('timeout').durationMs(),
    onDemand: resolveOnDemand(part.at('onDemand')),
  };
}

function resolveOnDemand(part: Part): OnDemandConfig | undefined {
  const ask = part.at('ask').text();
  return ask === undefined ? undefined : { ask, timeoutMs: part.at('timeout').durationMs() };
}

function resolveIssuer(part: Part, baseDir: string): AcmeIssuer {
  const agreeTos = part.at('agreeTos');
  if (!agreeTos.flag() && agreeTos.isGiven) {
    agreeTos.fault('bad-value', 'is false, so nothing can be ordered; write true, or `issuer: internal`');
  }
  const eab = part.at('eab');
  return {
    directory: directoryOf(part.at('directory')),
    email: part.at('email').text(),
    eab: eab.isGiven ? { keyId: eab.at('keyId').text() ?? '', hmac: eab.at('hmac').text() ?? '' } : undefined,
    profile: part.at('profile').text(),
    preferredChain: part.at('preferredChain').text(),
    trustedRoots: part
      .at('trustedRoots')
      .items()
      .flatMap((root) => readPem(root, baseDir, 'CERTIFICATE') ?? []),
  };
}

/** `dns` alone is wish enough: it comes last where the list does not say otherwise. */
function resolveChallenges(part: Part, hasDns: boolean): AcmeConfig['challenges'] {
  const named = part.items().map((item) => item.word(challengeTypes));
  if (named.includes('dns-01') && !hasDns) {
    part.fault('missing-key', 'has dns-01, which needs `dns` beside it: the provider of the TXT records');
  }
  return hasDns && !named.includes('dns-01') ? [...new Set(named), 'dns-01'] : [...new Set(named)];
}

/** In one spelling, by which an account is found again. */
function directoryOf(part: Part): string {
  const written = part.text() ?? '';
  return URL.canParse(written) ? new URL(written).href : written;
}
