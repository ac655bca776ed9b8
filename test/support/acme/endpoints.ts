// What each URL of the CA does (RFC 8555, 7; RFC 9773, 4). Whoever comes here has passed the gate.
import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import type { Accounts } from './accounts.ts';
import { accountView } from './accounts.ts';
import type { Authorizations } from './authorizations.ts';
import { authorizationView, challengeView } from './authorizations.ts';
import { decode, malformed, thumbprintOf } from './jws.ts';
import type { Account, Order } from './model.ts';
import type { Endpoint } from './observed.ts';
import type { Orders } from './orders.ts';
import { orderView } from './orders.ts';
import { AcmeProblem } from './problem.ts';
import type { CaSettings } from './settings.ts';
import { retryAfterHeader } from './settings.ts';

export interface Call {
  readonly endpoint: Endpoint;
  /** Whole, as the client has to sign it. */
  readonly url: string;
  /** What follows the endpoint in it. */
  readonly id: string;
  readonly key: KeyObject;
  readonly account: Account | undefined;
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text is sent as it is, an object as JSON. */
  readonly body?: string | object;
}

export interface EndpointParts {
  readonly settings: CaSettings;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly authorizations: Authorizations;
  readonly url: (endpoint: Endpoint, id?: string) => string;
}

export class Endpoints {
  readonly #parts: EndpointParts;

  constructor(parts: EndpointParts) {
    this.#parts = parts;
  }

  directory(): Answer {
    const { settings, url } = this.#parts;
    const profiles = Object.entries(settings.profiles).map(([name, profile]) => [name, profile.description ?? name]);
    const meta = {
      ...(settings.termsOfService !== undefined && { termsOfService: settings.termsOfService }),
      ...(settings.eab !== undefined && { externalAccountRequired: true }),
      ...(profiles.length > 0 && { profiles: Object.fromEntries(profiles) as object }),
      website: 'https://ca.example.com/',
    };
    const endpoints = ['newNonce', 'newAccount', 'newOrder', 'revokeCert'] as const;
    return {
      status: 200,
      body: {
        ...Object.fromEntries(endpoints.map((name) => [name, url(name)])),
        ...(settings.renewalInfo && { renewalInfo: url('renewalInfo') }),
        meta,
      },
    };
  }

  /** RFC 9773, 4.2: for anybody. */
  renewalInfo(id: string): Answer {
    const { settings, orders } = this.#parts;
    const certificate = orders.certificates.find(({ certId }) => certId === id);
    if (certificate === undefined || !settings.renewalInfo) throw notFound('certificate');
    const { start, end, explanationUrl, retryAfter } = certificate.renewal;
    return {
      status: 200,
      headers: retryAfterHeader(retryAfter ?? settings.retryAfter.renewalInfo),
      body: {
        suggestedWindow: { start: start.toISOString(), end: end.toISOString() },
        ...(explanationUrl !== undefined && { explanationURL: explanationUrl }),
      },
    };
  }

  /** A request that was signed. */
  async serve(call: Call): Promise<Answer> {
    const { endpoint, account } = call;
    if (endpoint === 'newAccount') return this.#newAccount(call);
    if (endpoint === 'revokeCert') return this.#revoke(call);
    if (account === undefined) throw malformed('not without an account');
    switch (endpoint) {
      case 'account':
        return this.#account(call, account);
      case 'orders':
        if (call.url !== this.#ordersUrl(account)) throw notFound('account');
        return { status: 200, body: { orders: this.#ordersOf(account).map(({ url }) => url) } };
      case 'newOrder':
        return this.#newOrder(account, call);
      case 'order':
      case 'finalize':
        return this.#order(call, account);
      case 'authz':
        return this.#authorization(call, account);
      case 'challenge':
        return this.#challenge(call, account);
      case 'certificate':
        return this.#certificate(call, account);
      default:
        throw notFound('resource');
    }
  }

  #newAccount({ key, payload = {}, url }: Call): Answer {
    const { account, isNew } = this.#parts.accounts.enter(key, payload, url);
    return {
      status: isNew ? 201 : 200,
      headers: { location: account.url },
      body: accountView(account, this.#ordersUrl(account)),
    };
  }

  #account({ url, payload }: Call, account: Account): Answer {
    if (url !== account.url) throw new AcmeProblem('unauthorized', 'not your account');
    this.#parts.accounts.update(account, payload);
    return { status: 200, body: accountView(account, this.#ordersUrl(account)) };
  }

  #newOrder(account: Account, { payload }: Call): Answer {
    const order = this.#parts.orders.create(account, payload ?? {});
    return { status: 201, headers: { location: order.url }, body: this.#orderView(order) };
  }

  async #order({ endpoint, id, payload }: Call, account: Account): Promise<Answer> {
    const { orders, settings, url } = this.#parts;
    const order = owned(this.#ordersOf(account), url('order', id), 'order');
    if (endpoint === 'finalize') await orders.finalize(order, payload ?? {});
    else await orders.poll(order);
    const isOpen = order.status === 'pending' || order.status === 'processing';
    return {
      status: 200,
      headers: { location: order.url, ...(isOpen && retryAfterHeader(settings.retryAfter.order)) },
      body: this.#orderView(order),
    };
  }

  #authorization({ url, payload }: Call, account: Account): Answer {
    const { authorizations, settings } = this.#parts;
    const authorization = owned(
      authorizations.all.filter((one) => one.account === account),
      url,
      'authorization',
    );
    if (payload?.status === 'deactivated') authorization.status = 'deactivated';
    const body = authorizationView(authorization, settings.now());
    const headers = authorization.status === 'pending' ? retryAfterHeader(settings.retryAfter.authz) : {};
    return { status: 200, headers, body };
  }

  #challenge({ url, payload }: Call, account: Account): Answer {
    const { authorizations, settings } = this.#parts;
    const challenge = authorizations.challenge(url);
    if (challenge?.authorization.account !== account) throw notFound('challenge');
    if (payload !== undefined) authorizations.begin(challenge);
    return {
      status: 200,
      headers: {
        link: `<${challenge.authorization.url}>;rel="up"`,
        ...(challenge.status === 'processing' && retryAfterHeader(settings.retryAfter.challenge)),
      },
      body: challengeView(challenge),
    };
  }

  /** `id` may end in the number of an alternate chain. */
  #certificate({ id }: Call, account: Account): Answer {
    const { orders, url } = this.#parts;
    const [name = '', number = '0'] = id.split('/');
    const own = orders.certificates.filter((one) => one.order.account === account);
    const certificate = owned(own, url('certificate', name), 'certificate');
    const chain = certificate.chains[Number(number)];
    if (chain === undefined) throw notFound('chain');
    const chainUrls = certificate.chains.map((_, index) =>
      index === 0 ? certificate.url : `${certificate.url}/${index}`,
    );
    const alternates = chainUrls.filter((_, index) => index !== Number(number));
    return {
      status: 200,
      headers: {
        'content-type': 'application/pem-certificate-chain',
        link: alternates.map((alternate) => `<${alternate}>;rel="alternate"`),
      },
      body: chain,
    };
  }

  /** By the account that ordered it, or by the certificate's own key. */
  #revoke({ payload = {}, account, key }: Call): Answer {
    if (typeof payload.certificate !== 'string') throw malformed('certificate is no text');
    const der = decode(payload.certificate);
    const certificate = this.#parts.orders.certificates.find(({ leafPem }) =>
      new X509Certificate(leafPem).raw.equals(der),
    );
    if (certificate === undefined) throw notFound('certificate');
    const isItsKey = thumbprintOf(new X509Certificate(certificate.leafPem).publicKey) === thumbprintOf(key);
    if (account !== certificate.order.account && !isItsKey)
      throw new AcmeProblem('unauthorized', 'not yours to revoke');
    if (certificate.revokedAt !== undefined) throw new AcmeProblem('alreadyRevoked', 'it is revoked');
    certificate.revokedAt = new Date(this.#parts.settings.now());
    certificate.revocationReason = Number(payload.reason ?? 0);
    return { status: 200 };
  }

  #orderView(order: Order): object {
    const { settings, url } = this.#parts;
    return orderView(order, order.url.replace(url('order'), url('finalize')), settings.now());
  }

  #ordersOf(account: Account): Order[] {
    return this.#parts.orders.all.filter((one) => one.account === account);
  }

  #ordersUrl(account: Account): string {
    return account.url.replace(this.#parts.url('account'), this.#parts.url('orders'));
  }
}

function owned<T extends { readonly url: string }>(all: readonly T[], url: string, what: string): T {
  const found = all.find((one) => one.url === url);
  if (found === undefined) throw notFound(what);
  return found;
}

function notFound(what: string): AcmeProblem {
  return new AcmeProblem('malformed', `no such ${what}`, { status: 404 });
}
