// Every record the gateway writes, in one place: pino JSON, one line each, times RFC 3339 UTC. What a
// record may say is decided here, so that no secret has a second way out.
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DestinationStream, Logger } from 'pino';
import pino from 'pino';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import type { LogsConfig, LogTarget, RecordConfig } from '../config/config.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue } from '../http/headers.ts';
import type { FindingRecord } from './finding-record.ts';
import { type LineSink, sinkOf } from './line-sink.ts';
import { Often } from './often.ts';
import { ReasonCounts } from './reason-counts.ts';
import { RecentFindings } from './recent-findings.ts';
import { Redaction } from './redaction.ts';
import { StatusCounts } from './status-counts.ts';
import { Traffic } from './traffic.ts';

/** What the gateway says about itself; `access` and `waf` have methods of their own. */
export type RecordEvent = 'limit' | 'upstream' | 'certificate' | 'config' | 'admin' | 'process';

/** Text in a record that a client chose is cut here. */
const MAX_TEXT = 2048;
/** Lines that wait for a slow disk or pipe; beyond it lines are lost rather than memory. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Where records go, by one configuration. */
export interface Outlets {
  readonly config: LogsConfig;
  readonly record: RecordConfig | undefined;
  /** undefined: none is recorded. */
  readonly traffic: Traffic | undefined;
  readonly redaction: Redaction;
  readonly destinations: readonly pino.DestinationStream[];
  readonly access: Logger | undefined;
  readonly waf: Logger | undefined;
  readonly own: Logger;
  /** What `own` writes to. */
  readonly words: DestinationStream;
}

export class Records {
  /** Of the exchanges that had their end, recorded or not. */
  readonly statuses: StatusCounts = new StatusCounts();
  /** Why requests got 4xx or 5xx from the gateway itself, where there is a reason to tell. */
  readonly refusals: ReasonCounts = new ReasonCounts();
  /** Why connections were closed by the gateway. */
  readonly closures: ReasonCounts = new ReasonCounts();
  readonly recent: RecentFindings;
  readonly #lost = new Set<pino.DestinationStream>();
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

  /** What secrets are kept out by. */
  get redaction(): Redaction {
    return this.#outlets.redaction;
  }

  /** Opens what this configuration writes to; `use` puts it in force. Fails with a GatehouseError, and nothing has changed. */
  open(config: LogsConfig, record?: RecordConfig): Outlets {
    const known = this.#outlets as Outlets | undefined;
    if (known !== undefined && isDeepStrictEqual([known.config, known.record], [config, record])) return known;
    const traffic = this.#traffic(config, record, known);
    const destinations: pino.DestinationStream[] = [];
    const access = this.#destination(config.access, destinations);
    const waf = isSame(config.access, config.waf) ? access : this.#destination(config.waf, destinations);
    // Words go to stderr, so that stdout is the access log and nothing else.
    const words = this.#destination('stderr', destinations) as DestinationStream;
    return {
      config,
      record,
      traffic,
      redaction: new Redaction(config.redact, config.audit),
      destinations,
      access: access === undefined ? undefined : pino(OPTIONS, access),
      waf: waf === undefined ? undefined : pino(OPTIONS, waf),
      own: pino({ ...OPTIONS, level: config.level }, words),
      words,
    };
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
    if (outlets === this.#outlets) return;
    this.#flush(outlets);
    if (outlets.traffic !== this.#outlets.traffic) outlets.traffic?.close();
    for (const destination of outlets.destinations) if (isFile(destination)) destination.end();
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
    return sinkOf(() => this.#outlets.words as SonicBoom);
  }

  /** After logrotate has moved the files away: the same names again, as new files. */
  reopen(): void {
    this.#lost.clear();
    for (const destination of this.#outlets.destinations) {
      if (!isFile(destination)) continue;
      try {
        // Asked first: a reopening of sonic-boom's that fails leaves it to close its old descriptor twice later on.
        openable(destination.file);
        destination.reopen();
      } catch (error) {
        this.error('process', `${(error as Error).message}; what was open before goes on`, undefined);
      }
    }
  }

  /** Writes out what waits; the last thing before the process ends. */
  flush(): void {
    this.#flush(this.#outlets);
  }

  #flush({ destinations, traffic }: Outlets): void {
    traffic?.flush();
    for (const destination of destinations) {
      // Writing on would be tried for ever where the disk is full.
      if (this.#lost.has(destination)) continue;
      try {
        (destination as SonicBoom).flushSync();
      } catch {
        // Not yet open, or already broken: there is nothing left to save.
      }
    }
  }

  /** Once for each log until it is opened anew: whoever watches the other output learns that lines are missing. */
  #tellLoss(destination: DestinationStream, dest: string | number, { code }: NodeJS.ErrnoException): void {
    const isKnown = this.#lost.has(destination);
    this.#lost.add(destination);
    if (isKnown || dest === 2) return;
    const name = dest === 1 ? 'stdout' : dest;
    this.error('process', `records for ${name} are lost: it cannot be written (${code})`, undefined);
  }

  /** One that is as it was goes on. */
  #traffic(config: LogsConfig, record: RecordConfig | undefined, known: Outlets | undefined): Traffic | undefined {
    if (record === undefined) return undefined;
    const before = [known?.record, known?.config.redact];
    if (isDeepStrictEqual(before, [record, config.redact])) return known?.traffic;
    const tell = (message: string, error: Error): void => this.error('process', message, error);
    return new Traffic(record, config.redact, tell, this.#worker);
  }

  #destination(target: LogTarget, destinations: pino.DestinationStream[]): DestinationStream | undefined {
    if (target === false) return undefined;
    const dest = target === 'stdout' ? 1 : target === 'stderr' ? 2 : target.file;
    if (typeof dest === 'string') openable(dest);
    const destination = pino.destination({ dest, sync: false, maxLength: MAX_BUFFERED_BYTES });
    // A full disk or a closed pipe costs lines, never requests.
    destination.on('error', (error: NodeJS.ErrnoException) => this.#tellLoss(destination, dest, error));
    destinations.push(destination);
    return destination;
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

/** stdout and stderr are not ours to close. */
function isFile(destination: pino.DestinationStream): destination is SonicBoom & { readonly file: string } {
  return typeof (destination as { file?: unknown }).file === 'string';
}

/** Two kinds of records in one file go through one descriptor, so that their lines never mix. */
function isSame(a: LogTarget, b: LogTarget): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.file === b.file;
  return a === b;
}

/** A log that cannot be opened is a fault of the configuration: it stops the start, and is not found out weeks later. */
function openable(file: string): void {
  try {
    ensureFolder(path.dirname(file), 0o750);
    closeSync(openSync(file, 'a', 0o640));
  } catch (error) {
    const message = `the log ${file} cannot be written (${(error as NodeJS.ErrnoException).code}); change it under \`logs\``;
    throw new GatehouseError('config_invalid', 'gateway', message, { cause: error });
  }
}

type SonicBoom = ReturnType<typeof pino.destination>;

const OPTIONS = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
} as const;

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
