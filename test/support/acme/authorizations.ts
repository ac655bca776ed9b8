// Authorizations and their challenges (RFC 8555, 7.5): made for a name, begun by the client, decided by validation.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account, Authorization, Challenge } from './model.ts';
import type { Identifier } from './problem.ts';
import { AcmeProblem, problemDocument } from './problem.ts';
import type { CaSettings } from './settings.ts';
import { validate } from './validate.ts';

export class Authorizations {
  readonly all: Authorization[] = [];
  readonly #settings: CaSettings;
  readonly #newUrl: (kind: 'authz' | 'challenge') => string;
  readonly #changed: () => void;

  constructor(settings: CaSettings, newUrl: (kind: 'authz' | 'challenge') => string, changed: () => void) {
    this.#settings = settings;
    this.#newUrl = newUrl;
    this.#changed = changed;
  }

  /** `identifier` as an order has it, with the star of a wildcard. */
  for(account: Account, identifier: Identifier): Authorization {
    const settings = this.#settings;
    const wildcard = identifier.value.startsWith('*.');
    const plain = { type: identifier.type, value: wildcard ? identifier.value.slice(2) : identifier.value };
    const known = this.all.find(
      (one) =>
        one.account === account &&
        one.identifier.value === plain.value &&
        one.wildcard === wildcard &&
        refreshed(one, settings.now()).status === 'valid',
    );
    if (known !== undefined && settings.reusesAuthorizations) return known;
    const authorization: Authorization = {
      url: this.#newUrl('authz'),
      account,
      identifier: plain,
      wildcard,
      expires: new Date(settings.now() + settings.authzLifeSeconds * 1000),
      status: 'pending',
      challenges: [],
    };
    for (const type of this.#typesFor(authorization)) {
      authorization.challenges.push({
        url: this.#newUrl('challenge'),
        type,
        token: randomBytes(32).toString('base64url'),
        authorization,
        status: 'pending',
        validated: undefined,
        error: undefined,
      });
    }
    this.all.push(authorization);
    return authorization;
  }

  challenge(url: string): Challenge | undefined {
    return this.all.flatMap(({ challenges }) => challenges).find((one) => one.url === url);
  }

  /** Returns at once; the result comes later. A challenge that was begun before is left alone. */
  begin(challenge: Challenge): void {
    const { authorization } = challenge;
    if (challenge.status !== 'pending' || refreshed(authorization, this.#settings.now()).status !== 'pending') return;
    challenge.status = 'processing';
    void this.#decide(challenge);
  }

  async #decide(challenge: Challenge): Promise<void> {
    const { authorization } = challenge;
    const settings = this.#settings;
    const answer = `${challenge.token}.${authorization.account.thumbprint}`;
    try {
      if (settings.validationDelayMs > 0) await delay(settings.validationDelayMs, undefined, { ref: false });
      if (settings.validates) {
        const once = (): Promise<void> =>
          validate(challenge.type, authorization.identifier, challenge.token, answer, settings);
        await Promise.all(Array.from({ length: settings.perspectives }, once));
      }
      challenge.status = 'valid';
      challenge.validated = new Date(settings.now());
    } catch (error) {
      challenge.status = 'invalid';
      challenge.error =
        error instanceof AcmeProblem ? error.problem : { type: 'serverInternal', detail: (error as Error).message };
    }
    if (authorization.status === 'pending') authorization.status = challenge.status;
    this.#changed();
  }

  #typesFor({ identifier, wildcard }: Authorization): string[] {
    const types = this.#settings.challengeTypes;
    if (wildcard) return types.filter((type) => type.startsWith('dns-'));
    return types.filter((type) => identifier.type !== 'ip' || !type.startsWith('dns-'));
  }
}

/** Time passes also for what nobody touches. */
export function refreshed(authorization: Authorization, now: number): Authorization {
  const { status, expires } = authorization;
  if (expires.getTime() <= now) {
    if (status === 'valid') authorization.status = 'expired';
    if (status === 'pending') authorization.status = 'invalid';
  }
  return authorization;
}

/** One that is decided shows the challenge that decided it and no other (RFC 8555, 7.1.4). */
export function authorizationView(authorization: Authorization, now: number): object {
  const { status, expires, identifier, wildcard, challenges } = refreshed(authorization, now);
  const deciding = challenges.filter((one) => one.status === status);
  return {
    status,
    expires: expires.toISOString(),
    identifier,
    ...(wildcard && { wildcard }),
    challenges: (deciding.length > 0 ? deciding : challenges).map(challengeView),
  };
}

export function challengeView({ type, url, status, token, validated, error }: Challenge): object {
  return {
    type,
    url,
    status,
    ...(type === 'dns-persist-01' ? { 'issuer-domain-names': ['ca.example.com'] } : { token }),
    ...(validated !== undefined && { validated: validated.toISOString() }),
    ...(error !== undefined && { error: problemDocument(error) }),
  };
}
