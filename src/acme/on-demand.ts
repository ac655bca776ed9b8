// Certificates for names that no configuration lists: ordered when a client first asks for one, if a web service of the
// operator's allows it. Strangers choose the names, so everything here is bounded, and nothing is ordered unasked.
import { isIP } from 'node:net';
import type { OnDemandConfig } from '../config/model/certificates.ts';
import type { Certificate } from '../tls/certificate.ts';
import { isCertificateName, normalName } from '../tls/names.ts';

/** Handshakes that wait at once; further ones get what there is. */
const MAX_WAITING = 100;
/** Names whose refusal is remembered; the oldest is forgotten first. */
const MAX_REFUSED = 10_000;
const REFUSED_MS = 60_000;
/** A service that gives no answer is asked again sooner than one that says no. */
const UNANSWERED_MS = 5_000;

export interface OnDemandTools {
  find(name: string): Certificate | undefined;
  /** Keeps a certificate for one more name; resolves to it, or to undefined when the first try has failed. */
  keep(name: string): Promise<Certificate | undefined>;
  warn(message: string): void;
}

export class OnDemand {
  readonly #config: OnDemandConfig;
  readonly #tools: OnDemandTools;
  readonly #waiting = new Map<string, Promise<Certificate | undefined>>();
  /** Until when no question is asked about a name; ms of `performance.now()`. */
  readonly #refused = new Map<string, number>();

  constructor(config: OnDemandConfig, tools: OnDemandTools) {
    this.#config = config;
    this.#tools = tools;
  }

  /**
   * The certificate of a name that a site answers to: at once when it is there, else when it has been ordered. Undefined
   * when there is none to be had now. Never rejects.
   */
  certificateFor(serverName: string): Certificate | Promise<Certificate | undefined> | undefined {
    const name = normalName(serverName);
    if (isIP(name) !== 0 || name.startsWith('*.') || !isCertificateName(name)) return undefined;
    const found = this.#tools.find(name) ?? this.#waiting.get(name);
    if (found !== undefined || this.#isRefused(name) || this.#waiting.size >= MAX_WAITING) return found;
    const getting = this.#get(name).finally(() => this.#waiting.delete(name));
    this.#waiting.set(name, getting);
    return getting;
  }

  /** Asks the operator's service: any answer of 2xx allows. */
  async isAllowed(name: string): Promise<boolean | undefined> {
    const { ask, timeoutMs } = this.#config;
    const url = new URL(ask);
    url.searchParams.set('domain', name);
    try {
      const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      await answer.body?.cancel();
      return answer.ok;
    } catch (error) {
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      this.#tools.warn(`the service that allows certificates on demand gives no answer (${url.origin}): ${why}`);
      return undefined;
    }
  }

  async #get(name: string): Promise<Certificate | undefined> {
    const isAllowed = await this.isAllowed(name);
    const certificate = isAllowed === true ? await this.#tools.keep(name) : undefined;
    if (certificate === undefined) this.#refuse(name, isAllowed === undefined ? UNANSWERED_MS : REFUSED_MS);
    return certificate;
  }

  #isRefused(name: string): boolean {
    const untilMs = this.#refused.get(name);
    if (untilMs === undefined || untilMs > performance.now()) return untilMs !== undefined;
    this.#refused.delete(name);
    return false;
  }

  #refuse(name: string, forMs: number): void {
    if (this.#refused.size >= MAX_REFUSED) this.#refused.delete(this.#refused.keys().next().value as string);
    this.#refused.set(name, performance.now() + forMs);
  }
}
