// Puts the answer to a challenge in place, whatever its type. One function for each type of challenge.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { GatehouseError } from '../../base/errors.ts';
import type { Dns01 } from '../dns/challenge.ts';
import type { Identifier } from '../documents.ts';
import { AcmeError } from '../problem.ts';
import { reverseName } from './address.ts';
import { alpnCertificate } from './alpn-certificate.ts';
import type { ChallengeAnswers, Withdraw } from './answers.ts';

export type ChallengeType = 'tls-alpn-01' | 'http-01' | 'dns-01';

export interface Question {
  readonly type: ChallengeType;
  readonly identifier: Identifier;
  readonly token: string;
  /** RFC 8555, 8.1. */
  readonly keyAuthorization: string;
}

/** Resolves when the answer can be seen; the caller withdraws it when the authority has looked. */
export async function solve(
  { type, identifier, token, keyAuthorization }: Question,
  answers: ChallengeAnswers,
  dns: Dns01 | undefined,
  signal: AbortSignal,
): Promise<Withdraw> {
  if (type === 'http-01') return answers.publishHttp(token, keyAuthorization);
  if (type === 'tls-alpn-01') {
    return answers.publishAlpn(serverNameOf(identifier), alpnCertificate(identifier.value, keyAuthorization));
  }
  if (dns === undefined) throw new TypeError('dns-01 without a provider');
  const digest = createHash('sha256').update(keyAuthorization).digest('base64url');
  try {
    return await dns.publish(identifier.value, digest, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GatehouseError)) throw error;
    const message = `dns-01 failed for ${identifier.value}: ${error.message}`;
    throw new AcmeError('refused', message, { challenge: type, cause: error });
  }
}

/** Which types can prove a name at all (RFC 8555, 8.4; RFC 8738, 7). */
export function typesFor(name: string, types: readonly ChallengeType[]): ChallengeType[] {
  if (name.startsWith('*.')) return types.filter((type) => type === 'dns-01');
  return isIP(name) === 0 ? [...types] : types.filter((type) => type !== 'dns-01');
}

/** For an address the authority asks for its name in the reverse zone (RFC 8738, 6). */
export function serverNameOf({ type, value }: Identifier): string {
  return type === 'dns' ? value : reverseName(value);
}
