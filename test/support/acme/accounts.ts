// Accounts (RFC 8555, 7.3): one for each key.
import type { KeyObject } from 'node:crypto';
import type { Jws } from './jws.ts';
import { decode, hasMac, keyOf, malformed, parseJws, thumbprintOf } from './jws.ts';
import type { Account } from './model.ts';
import { AcmeProblem } from './problem.ts';
import type { CaSettings } from './settings.ts';

type Payload = Readonly<Record<string, unknown>>;

export class Accounts {
  readonly all: Account[] = [];
  readonly #settings: CaSettings;
  readonly #newUrl: () => string;

  constructor(settings: CaSettings, newUrl: () => string) {
    this.#settings = settings;
    this.#newUrl = newUrl;
  }

  /** The one that the client names. Throws when there is none, or it may do nothing any more. */
  named(url: unknown): Account {
    const account = this.all.find((one) => one.url === url);
    if (account === undefined) throw new AcmeProblem('accountDoesNotExist', 'no such account');
    return usable(account);
  }

  /** Returns the key's account, and whether it is new. */
  enter(key: KeyObject, payload: Payload, url: string): { account: Account; isNew: boolean } {
    const thumbprint = thumbprintOf(key);
    const known = this.all.find((one) => one.thumbprint === thumbprint);
    if (known !== undefined) return { account: usable(known), isNew: false };
    if (payload.onlyReturnExisting === true) throw new AcmeProblem('accountDoesNotExist', 'no account has this key');
    if (this.#settings.termsOfService !== undefined && payload.termsOfServiceAgreed !== true) {
      throw new AcmeProblem('userActionRequired', 'the terms of service have to be agreed to');
    }
    const account: Account = {
      url: this.#newUrl(),
      key,
      thumbprint,
      status: 'valid',
      contact: contactOf(payload),
      termsOfServiceAgreed: payload.termsOfServiceAgreed === true,
      eabKid: this.#bound(payload.externalAccountBinding, thumbprint, url),
      externalAccountBinding: payload.externalAccountBinding,
    };
    this.all.push(account);
    return { account, isNew: true };
  }

  update(account: Account, payload: Payload | undefined): void {
    if (payload?.contact !== undefined) account.contact = contactOf(payload);
    if (payload?.status === 'deactivated') account.status = 'deactivated';
  }

  /** RFC 8555, 7.3.4: the outer account's key, signed with the key of the account elsewhere. */
  #bound(binding: unknown, thumbprint: string, url: string): string | undefined {
    const keys = this.#settings.eab;
    if (binding === undefined) {
      if (keys === undefined) return undefined;
      throw new AcmeProblem('externalAccountRequired', 'an external account binding is needed');
    }
    const jws: Jws = parseJws(JSON.stringify(binding));
    const kid = String(jws.header.kid);
    if ('nonce' in jws.header || jws.header.url !== url) throw malformed('the binding has a nonce, or another URL');
    const key = keys?.[kid];
    if (key === undefined) throw new AcmeProblem('unauthorized', `no external account has the key ${kid}`);
    if (!hasMac(jws, decode(key))) throw new AcmeProblem('unauthorized', 'the binding is not signed by its key');
    if (thumbprintOf(keyOf(jws.payload)) !== thumbprint) throw malformed('the binding is about another key');
    return kid;
  }
}

export function accountView(account: Account, ordersUrl: string): object {
  const { status, contact, termsOfServiceAgreed, externalAccountBinding } = account;
  return { status, contact, termsOfServiceAgreed, externalAccountBinding, orders: ordersUrl };
}

function usable(account: Account): Account {
  if (account.status !== 'valid') throw new AcmeProblem('unauthorized', 'the account is deactivated', { status: 401 });
  return account;
}

function contactOf({ contact = [] }: Payload): string[] {
  if (!Array.isArray(contact)) throw malformed('contact is no list');
  for (const address of contact as unknown[]) {
    if (typeof address !== 'string' || !address.startsWith('mailto:')) {
      throw new AcmeProblem('unsupportedContact', 'only mailto is known');
    }
    if (!/^mailto:[^@,?\s]+@[^@,?\s]+$/.test(address)) throw new AcmeProblem('invalidContact', 'no mail address');
  }
  return contact as string[];
}
