// Orders (RFC 8555, 7.4), from the wish to the certificate, with what they replace (RFC 9773, 5).
import type { Authorizations } from './authorizations.ts';
import { refreshed as refreshedAuthorization } from './authorizations.ts';
import { readCsr } from './csr.ts';
import type { Issuer } from './issuer.ts';
import { decode, malformed } from './jws.ts';
import type { Account, IssuedCertificate, Order, Renewal } from './model.ts';
import { readIdentifiers } from './names.ts';
import { AcmeProblem, problemDocument } from './problem.ts';
import type { CaSettings, Profile } from './settings.ts';

type Payload = Readonly<Record<string, unknown>>;

const HOUR_SECONDS = 3600;
const BACKDATED_PART = 60;

export interface OrderParts {
  readonly settings: CaSettings;
  readonly issuer: Issuer;
  readonly authorizations: Authorizations;
  readonly newUrl: (kind: 'order' | 'certificate') => string;
}

export class Orders {
  readonly all: Order[] = [];
  readonly certificates: IssuedCertificate[] = [];
  readonly #parts: OrderParts;
  readonly #issuing = new Map<Order, Promise<void>>();

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  create(account: Account, payload: Payload): Order {
    const { settings, authorizations, newUrl } = this.#parts;
    if (payload.notBefore !== undefined || payload.notAfter !== undefined) {
      throw malformed('this CA decides when a certificate begins and ends');
    }
    const name = this.#profileName(payload.profile);
    const profile = name === undefined ? undefined : settings.profiles[name];
    const identifiers = readIdentifiers(payload.identifiers, profile, settings);
    const names = identifiers.map(({ value }) => value);
    const replaced = payload.replaces === undefined ? undefined : this.#replaced(account, payload.replaces, names);
    const order: Order = {
      url: newUrl('order'),
      account,
      createdAt: new Date(settings.now()),
      identifiers,
      profile: name,
      replaces: payload.replaces as string | undefined,
      authorizations: identifiers.map((identifier) => authorizations.for(account, identifier)),
      expires: new Date(settings.now() + settings.orderLifeSeconds * 1000),
      status: 'pending',
      pollsLeft: 0,
      error: undefined,
      csr: undefined,
      certificate: undefined,
    };
    if (replaced !== undefined) replaced.replacedBy = order;
    this.all.push(order);
    return refreshed(order, settings.now());
  }

  async finalize(order: Order, payload: Payload): Promise<void> {
    const { settings } = this.#parts;
    if (refreshed(order, settings.now()).status !== 'ready') {
      throw new AcmeProblem('orderNotReady', `the order is ${order.status}`);
    }
    if (typeof payload.csr !== 'string') throw malformed('csr is no text');
    const csr = decode(payload.csr);
    await readCsr(csr, order);
    order.csr = csr;
    order.status = 'processing';
    order.pollsLeft = settings.processingPolls;
    if (order.pollsLeft === 0) await this.#issue(order);
  }

  /** A finalized order gets on while it is asked for. */
  async poll(order: Order): Promise<void> {
    if (refreshed(order, this.#parts.settings.now()).status !== 'processing') return;
    if (order.pollsLeft > 0) order.pollsLeft--;
    else await this.#issue(order);
  }

  #issue(order: Order): Promise<void> {
    return this.#issuing.getOrInsertComputed(order, () => this.#issueOnce(order));
  }

  async #issueOnce(order: Order): Promise<void> {
    const { settings, issuer, newUrl } = this.#parts;
    const problem = settings.issuanceProblem?.(order.identifiers);
    if (problem !== undefined) {
      order.status = 'invalid';
      order.error = problem;
      return;
    }
    const spki = await readCsr(order.csr as Buffer, order);
    const names = order.identifiers.map(({ value }) => value);
    const { notBefore, notAfter } = this.#validity(order.profile);
    const { pem, serial, certId } = await issuer.issue({ spki, names, notBefore, notAfter });
    order.certificate = {
      url: newUrl('certificate'),
      order,
      serial,
      certId,
      names,
      notBefore,
      notAfter,
      issuedAt: new Date(settings.now()),
      leafPem: pem,
      chains: issuer.intermediatePems.map((intermediate) => pem + intermediate),
      revokedAt: undefined,
      revocationReason: undefined,
      replacedBy: undefined,
      renewal: (settings.renewalFor ?? lateInLife)(notBefore, notAfter),
    };
    this.certificates.push(order.certificate);
    order.status = 'valid';
  }

  /** Whole seconds, since a certificate knows no less. */
  #validity(profile: string | undefined): { notBefore: Date; notAfter: Date } {
    const { settings } = this.#parts;
    const known: Profile | undefined = profile === undefined ? undefined : settings.profiles[profile];
    const life = known?.lifeSeconds ?? settings.lifeSeconds;
    const backdate = settings.backdateSeconds ?? Math.min(HOUR_SECONDS, Math.floor(life / BACKDATED_PART));
    const begin = Math.floor(settings.now() / 1000) - backdate;
    return { notBefore: new Date(begin * 1000), notAfter: new Date((begin + life) * 1000) };
  }

  #profileName(asked: unknown): string | undefined {
    const { profiles, defaultProfile } = this.#parts.settings;
    if (asked === undefined) return defaultProfile ?? Object.keys(profiles)[0];
    if (typeof asked === 'string' && Object.hasOwn(profiles, asked)) return asked;
    throw new AcmeProblem('invalidProfile', `no profile ${JSON.stringify(asked)}`);
  }

  #replaced(account: Account, certId: unknown, names: readonly string[]): IssuedCertificate {
    const { renewalInfo, now } = this.#parts.settings;
    if (!renewalInfo) throw malformed('replaces is not known here');
    const certificate = this.certificates.find((one) => one.certId === certId);
    if (certificate === undefined) throw malformed(`replaces: no certificate ${String(certId)}`);
    if (certificate.order.account !== account) throw new AcmeProblem('unauthorized', 'replaces: of another account');
    if (!certificate.names.some((name) => names.includes(name))) throw malformed('replaces: it has none of the names');
    const { replacedBy } = certificate;
    if (replacedBy !== undefined && refreshed(replacedBy, now()).status !== 'invalid') {
      throw new AcmeProblem('alreadyReplaced', `the certificate was replaced by ${replacedBy.url}`);
    }
    return certificate;
  }
}

function lateInLife(notBefore: Date, notAfter: Date): Renewal {
  const life = notAfter.getTime() - notBefore.getTime();
  const start = notBefore.getTime() + (life * 2) / 3;
  return { start: new Date(start), end: new Date(start + life / 50) };
}

/** Follows from the authorizations and the time, until the order is finalized. */
export function refreshed(order: Order, now: number): Order {
  if (order.status !== 'pending' && order.status !== 'ready') return order;
  const statuses = order.authorizations.map((one) => refreshedAuthorization(one, now).status);
  if (statuses.some((status) => status !== 'pending' && status !== 'valid')) order.status = 'invalid';
  else if (order.expires.getTime() <= now) order.status = 'invalid';
  else if (statuses.every((status) => status === 'valid')) order.status = 'ready';
  return order;
}

export function orderView(order: Order, finalizeUrl: string, now: number): object {
  const { status, expires, identifiers, profile, replaces, authorizations, certificate, error } = refreshed(order, now);
  return {
    status,
    expires: expires.toISOString(),
    identifiers,
    ...(profile !== undefined && { profile }),
    ...(replaces !== undefined && { replaces }),
    authorizations: authorizations.map(({ url }) => url),
    finalize: finalizeUrl,
    ...(certificate !== undefined && { certificate: certificate.url }),
    ...(error !== undefined && { error: problemDocument(error) }),
  };
}
