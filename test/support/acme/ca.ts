// A small ACME CA of our own, for what pebble lacks: renewal information, profiles, certificates of some seconds, and
// faults at any step. It is strict where RFC 8555 lets a CA be, validates over real sockets, and keeps all in memory.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Accounts } from './accounts.ts';
import type { ApiCertificate } from './api-certificate.ts';
import { makeApiCertificate } from './api-certificate.ts';
import { Authorizations } from './authorizations.ts';
import { spoiled } from './certificate-faults.ts';
import type { Answer } from './endpoints.ts';
import { Endpoints } from './endpoints.ts';
import type { Fault } from './faults.ts';
import { Faults } from './faults.ts';
import { Gate } from './gate.ts';
import { Issuer } from './issuer.ts';
import { parseJws } from './jws.ts';
import { Listener } from './listener.ts';
import type { Account, Authorization, IssuedCertificate, Order } from './model.ts';
import type { CaRequest, Endpoint } from './observed.ts';
import { Changes } from './observed.ts';
import { Orders } from './orders.ts';
import { AcmeProblem, problemDocument } from './problem.ts';
import { send } from './send.ts';
import type { CaOptions, CaSettings } from './settings.ts';
import { defaultSettings, retryAfterHeader } from './settings.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };

const PUBLIC: readonly Endpoint[] = ['directory', 'newNonce', 'renewalInfo'];

export class Ca implements AsyncDisposable {
  /** All of it may be changed at any time. */
  readonly settings: CaSettings;
  readonly faults = new Faults();
  /** In the order in which they came. */
  readonly requests: CaRequest[] = [];
  /** What secures the API, for trust; undefined over plain HTTP. */
  readonly trustedRoot: string | undefined;
  /** The roots of what is issued, the default chain's first. */
  readonly rootPems: readonly string[];
  readonly #changes = new Changes();
  readonly #issuer: Issuer;
  readonly #accounts: Accounts;
  readonly #authorizations: Authorizations;
  readonly #orders: Orders;
  readonly #gate: Gate;
  readonly #endpoints: Endpoints;
  /** No client may know paths by heart. */
  readonly #prefix: string = randomBytes(4).toString('hex');
  #listener: Listener | undefined;

  private constructor(settings: CaSettings, issuer: Issuer, api: ApiCertificate | undefined) {
    this.settings = settings;
    this.trustedRoot = api?.rootPem;
    this.rootPems = issuer.rootPems;
    this.#issuer = issuer;
    const url = (endpoint: Endpoint, id?: string): string => this.#url(endpoint, id);
    const newUrl = (endpoint: Endpoint): string => url(endpoint, randomBytes(8).toString('hex'));
    this.#accounts = new Accounts(settings, () => newUrl('account'));
    this.#authorizations = new Authorizations(settings, newUrl, this.#changes.tell);
    this.#orders = new Orders({ settings, issuer, authorizations: this.#authorizations, newUrl });
    this.#gate = new Gate(this.#accounts);
    const [accounts, orders, authorizations] = [this.#accounts, this.#orders, this.#authorizations];
    this.#endpoints = new Endpoints({ settings, accounts, orders, authorizations, url });
  }

  static async start({ plainHttp = false, alternateRoots = 0, ...wishes }: CaOptions): Promise<Ca> {
    const api = plainHttp ? undefined : makeApiCertificate();
    const ca = new Ca({ ...defaultSettings(), ...wishes }, await Issuer.create(1 + alternateRoots), api);
    ca.#listener = await Listener.open(api, (request, response) => void ca.#handle(request, response));
    return ca;
  }

  get directory(): string {
    return `${this.#origin()}/directory`;
  }

  /** The root of the default chain. */
  get rootPem(): string {
    return this.rootPems[0] as string;
  }

  get accounts(): readonly Account[] {
    return this.#accounts.all;
  }

  get authorizations(): readonly Authorization[] {
    return this.#authorizations.all;
  }

  get orders(): readonly Order[] {
    return this.#orders.all;
  }

  get certificates(): readonly IssuedCertificate[] {
    return this.#orders.certificates;
  }

  /** The requests to one endpoint so far. */
  requestsTo(endpoint: Endpoint): CaRequest[] {
    return this.requests.filter((request) => request.endpoint === endpoint);
  }

  /** The first thing that `look` finds, now or after a later change. Rejects when there is none in time. */
  waitFor<T>(look: () => T | undefined | null | false, timeoutMs?: number): Promise<T> {
    return this.#changes.until(look, timeoutMs);
  }

  /** Connections are refused, open ones are cut; what the CA knows stays. */
  async down(): Promise<void> {
    await this.#listener?.down();
  }

  /** At the same address again. */
  async up(): Promise<void> {
    await this.#listener?.up();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
      const route = this.#route(request.url ?? '');
      if (route === undefined) {
        await send(response, { status: 404 });
        return;
      }
      const seen = this.#see(route.endpoint, request, body);
      const answer = await this.#answer(seen, route.id, request, body);
      seen.status = answer?.status;
      if (answer !== undefined && answer.status >= 400 && typeof answer.body === 'object') {
        seen.problem = answer.body as Record<string, unknown>;
      }
      if (seen.fault?.kind === 'reset') this.#listener?.reset(request);
      else if (answer !== undefined) await send(response, answer, seen.fault);
    } catch {
      // The client has gone.
      response.destroy();
    }
    this.#changes.tell();
  }

  /** Undefined: there is none. */
  async #answer(seen: CaRequest, id: string, request: IncomingMessage, body: string): Promise<Answer | undefined> {
    const { endpoint, fault } = seen;
    if (fault?.kind === 'hang' || (fault?.kind === 'reset' && fault.when === 'before')) return undefined;
    const planned = plannedAnswer(fault);
    if (planned !== undefined) return this.#finished(planned, endpoint);
    try {
      const answer = await this.#serve(endpoint, id, request, body);
      const spoil = fault?.kind === 'certificate' && endpoint === 'certificate';
      return this.#finished(spoil ? await this.#spoiled(answer, fault.what) : answer, endpoint);
    } catch (error) {
      const problem =
        error instanceof AcmeProblem ? error.problem : { type: 'serverInternal', detail: (error as Error).stack ?? '' };
      return this.#finished(problemAnswer(problem), endpoint);
    }
  }

  async #serve(endpoint: Endpoint, id: string, request: IncomingMessage, body: string): Promise<Answer> {
    if (PUBLIC.includes(endpoint)) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new AcmeProblem('malformed', 'GET it', { status: 405 });
      }
      if (endpoint === 'directory') return this.#endpoints.directory();
      if (endpoint === 'renewalInfo') return this.#endpoints.renewalInfo(id);
      return { status: request.method === 'HEAD' ? 200 : 204 };
    }
    const url = this.#origin() + (request.url ?? '');
    return this.#endpoints.serve({ endpoint, id, url, ...this.#gate.admit(endpoint, url, request, body) });
  }

  #finished(answer: Answer, endpoint: Endpoint): Answer {
    const links = [answer.headers?.link ?? []].flat();
    const headers = {
      ...answer.headers,
      'cache-control': 'no-store',
      link: [...links, `<${this.directory}>;rel="index"`],
      ...(endpoint !== 'directory' && endpoint !== 'renewalInfo' && { 'replay-nonce': this.#gate.newNonce() }),
    };
    return { ...answer, headers };
  }

  async #spoiled(answer: Answer, what: Extract<Fault, { kind: 'certificate' }>['what']): Promise<Answer> {
    const certificate = this.certificates.find(({ chains }) => chains.includes(answer.body as string));
    if (certificate === undefined) return answer;
    return { ...answer, body: await spoiled(certificate, what, this.#issuer) };
  }

  #see(endpoint: Endpoint, request: IncomingMessage, body: string): Open<CaRequest> {
    const seen: Open<CaRequest> = {
      endpoint,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      at: new Date(),
      ...signedIn(body),
      fault: undefined,
      status: undefined,
      problem: undefined,
    };
    seen.fault = this.faults.take(seen);
    this.requests.push(seen);
    this.#changes.tell();
    return seen;
  }

  #route(path: string): { endpoint: Endpoint; id: string } | undefined {
    if (path === '/directory') return { endpoint: 'directory', id: '' };
    const [, prefix, endpoint, ...id] = path.split('/');
    if (prefix !== this.#prefix || endpoint === undefined) return undefined;
    return { endpoint: endpoint as Endpoint, id: id.join('/') };
  }

  #url(endpoint: Endpoint, id?: string): string {
    return `${this.#origin()}/${this.#prefix}/${endpoint}${id === undefined ? '' : `/${id}`}`;
  }

  #origin(): string {
    return (this.#listener as Listener).origin;
  }
}

export function startCa(options: CaOptions = {}): Promise<Ca> {
  return Ca.start(options);
}

/** Of a fault that leaves no work to do. */
function plannedAnswer(fault: Fault | undefined): Answer | undefined {
  if (fault?.kind === 'answer') return fault;
  if (fault?.kind === 'badNonce') return problemAnswer({ type: 'badNonce', detail: 'by plan of the test' });
  if (fault?.kind !== 'problem') return undefined;
  const answer = problemAnswer(fault.problem);
  return { ...answer, headers: { ...answer.headers, ...retryAfterHeader(fault.retryAfter) } };
}

function problemAnswer(problem: AcmeProblem['problem']): Answer {
  const body = problemDocument(problem);
  return { status: body.status, headers: { 'content-type': 'application/problem+json' }, body };
}

function signedIn(body: string): Pick<CaRequest, 'payload' | 'account'> {
  try {
    const { payload, header } = parseJws(body);
    return { payload, account: typeof header.kid === 'string' ? header.kid : undefined };
  } catch {
    return { payload: undefined, account: undefined };
  }
}
