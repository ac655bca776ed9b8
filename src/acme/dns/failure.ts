// Failures of providers. Here a service's answer becomes part of a message, so here it is cut short and
// freed of credentials, which some services repeat.

import { GatehouseError } from '../../base/errors.ts';

/** Of what a service answered, in a message. */
const maxShown = 400;
/** What is shorter is no credential, and hiding it would tear holes into every text. */
const minSecret = 4;

/** What a failure of one provider needs to be told. */
export interface Teller {
  readonly provider: string;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

export interface Failure {
  /** Goes on from "provider: ": `adding the TXT record a.example.com`. */
  readonly what: string;
  /** What happened instead. */
  readonly answer: string;
  /** What to do, beginning with a verb. */
  readonly advice: string;
  readonly retry?: boolean;
}

export function providerFailure(teller: Teller, { what, answer, advice, retry }: Failure): GatehouseError {
  const message = `${teller.provider}: ${what} failed: ${shown(answer, teller.secrets)}; ${advice}`;
  return new GatehouseError('dns_provider_failed', 'upstream', message, { retry: retry ?? false });
}

/** A call that its deadline, or the caller, ended. */
export function stopped(teller: Teller, what: string, lastAnswer?: string): GatehouseError {
  const answer = lastAnswer === undefined ? 'it took too long' : `it took too long; the last answer was: ${lastAnswer}`;
  return providerFailure(teller, {
    what,
    answer,
    advice: 'see that the service is up, or give it more with dns.timeout',
    retry: true,
  });
}

/** One line without credentials and control characters, cut to a bound. */
export function shown(text: string, secrets: readonly string[] = []): string {
  const masked = [...secrets]
    .filter((secret) => secret.length >= minSecret)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const line = masked.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > maxShown ? `${line.slice(0, maxShown)}…` : line;
}
