// Every record the gateway writes, in one place: pino JSON, one line each, times RFC 3339 UTC. What a
// record may say is decided here, so that no secret has a second way out.
import type { GatehouseError } from '../base/errors.ts';
import type { LogsConfig, RecordConfig } from '../config/config.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import type { FindingRecord } from './finding-record.ts';
import { type LineSink, sinkOf } from './line-sink.ts';
import { Often } from './often.ts';
import { Outlets } from './outlets.ts';
import { ReasonCounts } from './reason-counts.ts';
import { RecentFindings } from './recent-findings.ts';
import type { Redaction } from './redaction.ts';
import { StatusCounts } from './status-counts.ts';
import type { Traffic } from './traffic.ts';

/** What the gateway says about itself; `access` and `waf` have methods of their own. */
export type RecordEvent = 'limit' | 'upstream' | 'certificate' | 'config' | 'admin' | 'process';

/** Text in a record that a client chose is cut here. */
const MAX_TEXT = 2048;

export class Records {
  /** Of the exchanges that had their end, recorded or not. */
  readonly statuses: StatusCounts = new StatusCounts();
  /** Why requests got 4xx or 5xx from the gateway itself, where there is a reason to tell. */
  readonly refusals: ReasonCounts = new ReasonCounts();
  /** Why connections were closed by the gateway. */
  readonly closures: ReasonCounts = new ReasonCounts();
  readonly recent: RecentFindings;
  readonly #failures = new Often((msg, facts) => this.warn('upstream', msg, facts));
  readonly #worker: number | undefined;
  #outlets: Outlets;

  /** `worker`: its number, where several processes record traffic in one folder. */
  constructor(config: LogsConfig, record?: RecordConfig, worker?: number) {
    this.#worker = worker;
    this.recent = new RecentFindings(config.recent);
    this.#outlets = this.open(config, record);
  }

  get traffic(): Traffic | undefined {
    return this.#outlets.traffic;
  }

  /** What cannot be written at the moment, in words. */
  get failing(): readonly string[] {
    return this.#outlets.failing;
  }

  /** What secrets are kept out by. */
  get redaction(): Redaction {
    return this.#outlets.redaction;
  }

  /** Opens what this configuration writes to; `use` puts it in force. Fails with a GatehouseError, and nothing has changed. */
  open(config: LogsConfig, record?: RecordConfig): Outlets {
    const before = this.#outlets as Outlets | undefined;
    if (before?.isFor(config, record) === true) return before;
    const tell = (message: string, error?: Error): void => this.error('process', message, error);
    return new Outlets(config, record, { tell, worker: this.#worker, before });
  }

  /** From now on records go there. */
  use(outlets: Outlets): void {
    const before = this.#outlets;
    if (outlets === before) return;
    this.#outlets = outlets;
    this.recent.bounds = outlets.config.recent;
    this.discard(before);
  }

  /** Closes what `open` has opened and nobody writes to any more. */
  discard(outlets: Outlets): void {
    if (outlets !== this.#outlets) outlets.close(this.#outlets);
  }

  /** One line for an exchange, whatever happened to it. */
  access(x: Exchange): void {
    this.statuses.note(x.status);
    if (x.reason !== undefined && x.status >= 400) this.refusals.note(x.reason);
    const { access } = this.#outlets;
    if (access === undefined) return;
    const { request, connection } = x;
    access.info({
      event: 'access',
      requestId: x.id,
      client: x.client,
      peer: connection.peer === x.client ? undefined : connection.peer,
      site: x.site,
      host: request.host === '' ? undefined : request.host,
      method: request.method,
      path: cut(request.path === '' ? withoutQuery(request.target) : request.path),
      status: x.status,
      protocol: request.protocol,
      bytesIn: x.bytesIn,
      bytesOut: x.bytesOut,
      durationMs: round(performance.now() - x.startedAt),
      upstream: x.upstream,
      attempts: x.attempts > 1 ? x.attempts : undefined,
      upstreamMs: x.upstreamMs === undefined ? undefined : round(x.upstreamMs),
      cache: x.cache,
      tls: connection.tlsVersion === undefined ? undefined : tlsFacts(x, connection.tlsVersion),
      userAgent: cut(headerValue(request.headers, 'user-agent')),
      waf: x.waf,
      error: x.error,
      reason: x.reason,
      limit: x.limit,
    });
  }

  /** One line for an exchange in which a rule that logs matched. What it holds is cut and redacted already. */
  waf(finding: FindingRecord): void {
    this.recent.add(finding);
    this.#outlets.waf?.info({ event: 'waf', ...finding });
  }

  info(event: RecordEvent, msg: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#outlets.own.info({ event, ...facts }, msg);
  }

  warn(event: RecordEvent, msg: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#outlets.own.warn({ event, ...facts }, msg);
  }

  /** A request that its backend failed. Of many within a second one line is written, with their number. */
  upstreamFailure({ id, upstream }: Exchange, { code, message }: GatehouseError): void {
    this.#failures.tell(`${code} ${upstream}`, message, { requestId: id, upstream, code });
  }

  /** `err` is printed with its stack and cause. */
  error(event: RecordEvent, msg: string, err: unknown, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#outlets.own.error({ event, ...facts, err }, msg);
  }

  debug(event: RecordEvent, msg: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#outlets.own.debug({ event, ...facts }, msg);
  }

  /** For lines of other processes to stderr, among the own ones. */
  get sink(): LineSink {
    return sinkOf(() => this.#outlets.words);
  }

  /** After logrotate has moved the files away: the same names again, as new files. */
  reopen(): void {
    this.#outlets.reopen();
  }

  /** Writes out what waits; the last thing before the process ends. Resolves after two seconds at the latest. */
  finish(): Promise<void> {
    return this.#outlets.finish();
  }
}

/** A certificate is shown whether the site takes it or not; `verified` says which. */
function tlsFacts({ connection, clientCertificate }: Exchange, version: string): Record<string, unknown> {
  const shown = connection.proof?.certificate;
  if (shown === undefined) return { version, sni: connection.sni };
  const { subject, fingerprint } = shown;
  const isVerified = clientCertificate !== null && clientCertificate !== undefined;
  return { version, sni: connection.sni, client: { subject, fingerprint, verified: isVerified } };
}

/** What was refused has no canonical path; its query may hold what no record shows. */
function withoutQuery(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
