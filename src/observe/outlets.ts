// Where records go by one configuration: streams of this process and files, each opened once.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import pino from 'pino';
import type { LogsConfig, LogTarget, RecordConfig } from '../config/config.ts';
import type { SonicBoom } from './finish.ts';
import { type Destination, Outlet } from './outlet.ts';
import { Redaction } from './redaction.ts';
import { Traffic } from './traffic.ts';

const OPTIONS = {
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
} as const;

export interface OutletOptions {
  /** Learns of what cannot be written. */
  readonly tell: (message: string, error?: Error) => void;
  /** The number of this process, where several record traffic in one folder. */
  readonly worker: number | undefined;
  /** Those in force: traffic that is to be recorded as before goes on where it is. */
  readonly before: Outlets | undefined;
}

export class Outlets {
  readonly config: LogsConfig;
  readonly record: RecordConfig | undefined;
  /** undefined: none is recorded. */
  readonly traffic: Traffic | undefined;
  readonly redaction: Redaction;
  readonly access: Logger | undefined;
  readonly waf: Logger | undefined;
  readonly own: Logger;
  /** What `own` writes to. */
  readonly words: SonicBoom;
  /** Those of stdout and stderr go from one configuration to the next. */
  readonly #outlets = new Map<Destination, Outlet>();
  readonly #tell: OutletOptions['tell'];

  /** Fails with a GatehouseError. */
  constructor(config: LogsConfig, record: RecordConfig | undefined, options: OutletOptions) {
    this.config = config;
    this.record = record;
    this.#tell = options.tell;
    for (const standard of [1, 2] as const) {
      const outlet = options.before === undefined ? undefined : options.before.#outlets.get(standard);
      if (outlet !== undefined) this.#outlets.set(standard, outlet);
    }
    this.traffic = trafficOf(config, record, options);
    this.redaction = new Redaction(config.redact, config.audit);
    const access = this.#open(config.access);
    const waf = this.#open(config.waf);
    // Words go to stderr, so that stdout is the access log and nothing else.
    this.words = this.#open('stderr');
    this.access = access === undefined ? undefined : pino(OPTIONS, access);
    this.waf = waf === undefined ? undefined : pino(OPTIONS, waf);
    this.own = pino({ ...OPTIONS, level: config.level }, this.words);
  }

  /** Whether this configuration would open the same. */
  isFor(config: LogsConfig, record: RecordConfig | undefined): boolean {
    return isDeepStrictEqual([this.config, this.record], [config, record]);
  }

  /** What of it cannot be written at the moment. */
  get failing(): string[] {
    const lost = [...this.#outlets.values()].flatMap(({ failing }) => failing ?? []);
    return [...lost, ...(this.traffic?.failing ?? [])];
  }

  /** After logrotate has moved the files away: the same names again, as new files. */
  reopen(): void {
    for (const outlet of this.#outlets.values()) {
      try {
        outlet.reopen();
      } catch (error) {
        this.#tell(`${(error as Error).message}; what was open before goes on`);
      }
    }
  }

  /** Writes out what waits, and takes no more. */
  async finish(): Promise<void> {
    await Promise.all([this.traffic?.finish(), ...Array.from(this.#outlets.values(), (outlet) => outlet.finish())]);
  }

  /** Writes out what waits, and closes what those that stay do not use. */
  close(staying: Outlets): void {
    if (this.traffic !== staying.traffic) void this.traffic?.finish();
    for (const [dest, outlet] of this.#outlets) if (staying.#outlets.get(dest) !== outlet) void outlet.finish();
  }

  #open(target: Exclude<LogTarget, false>): SonicBoom;
  #open(target: LogTarget): SonicBoom | undefined;
  #open(target: LogTarget): SonicBoom | undefined {
    if (target === false) return undefined;
    const dest = target === 'stdout' ? 1 : target === 'stderr' ? 2 : target.file;
    // Two kinds of records in one file go through one descriptor, so that their lines never mix.
    const known = this.#outlets.get(dest);
    if (known !== undefined) return known.stream;
    // That stderr fails nobody can be told there.
    const outlet = new Outlet(dest, dest === 2 ? () => {} : this.#tell);
    this.#outlets.set(dest, outlet);
    return outlet.stream;
  }
}

/** One that is as it was goes on. */
function trafficOf(
  config: LogsConfig,
  record: RecordConfig | undefined,
  { before, tell, worker }: OutletOptions,
): Traffic | undefined {
  if (record === undefined) return undefined;
  if (isDeepStrictEqual([before?.record, before?.config.redact], [record, config.redact])) return before?.traffic;
  return new Traffic(record, config.redact, tell, worker);
}
