// Keeps a share of the requests, with what the rules said of them, for `gatehouse rules replay`. Bounded in every way;
// what the rules stopped lies apart, so that a flood of attacks does not wash away what honest clients sent.
import { accessSync, constants, readdirSync } from 'node:fs';
import path from 'node:path';
import { GatehouseError } from '../base/errors.ts';
import { ensureFolder } from '../base/folder.ts';
import type { RecordConfig } from '../config/config.ts';
import type { Exchange } from '../http/exchange.ts';
import { type MaskedRequest, Masking } from './masking.ts';
import { RotatingFile } from './rotating-file.ts';

/** One line of a recording. Texts are bytes, one char each. */
export interface TrafficRecord {
  readonly v: 1;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly requestId: string;
  readonly site: string | undefined;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  /** Flat: name, value, …; coded bodies are recorded decoded. */
  readonly headers: readonly string[];
  readonly body?: string;
  /** The body was longer. */
  readonly isCut?: true;
  readonly status: number;
  readonly verdict: 'pass' | 'detect' | 'block';
  readonly score: number;
  /** Those that scored. */
  readonly rules: readonly RecordedRule[];
}

export interface RecordedRule {
  readonly id: number;
  /** What it matched. */
  readonly fields: readonly string[];
  /** Nothing of that is in the recording: whoever tries rules on it cannot see whether this one would match. */
  readonly isHidden?: true;
}

export type TrafficFacts = Pick<TrafficRecord, 'verdict' | 'score' | 'rules'> & {
  readonly body: Buffer;
  readonly isCut: boolean;
  /** As the rules saw them. */
  readonly headers: readonly string[];
};

/** More in one second are not recorded: what it costs must not be a client's choice. */
const MAX_PER_SECOND = 200;
const PRUNE_MS = 3_600_000;

export class Traffic {
  readonly #config: RecordConfig;
  readonly #masking: Masking;
  readonly #passes: RotatingFile;
  readonly #hits: RotatingFile;
  readonly #pruning: NodeJS.Timeout;
  #second = 0;
  #inSecond = 0;

  /**
   * `redact`: further names. `worker`: its number among several that record in the folder. `tell` learns of a disk that
   * fails. Fails with a GatehouseError without a usable folder.
   */
  constructor(
    config: RecordConfig,
    redact: readonly string[],
    tell: (message: string, error: Error) => void,
    worker?: number,
  ) {
    this.#config = config;
    this.#masking = new Masking([...new Set([...config.redact, ...redact])]);
    try {
      ensureFolder(config.dir, 0o700);
      readdirSync(config.dir);
      accessSync(config.dir, constants.W_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const message = `traffic cannot be recorded in ${config.dir} (${code}); change it under \`record\``;
      throw new GatehouseError('config_invalid', 'gateway', message, { cause: error });
    }
    const open = (name: string): RotatingFile =>
      new RotatingFile(
        config.dir,
        name,
        config,
        (error) => {
          const file = path.join(config.dir, name);
          tell(`traffic is not recorded: ${file}.jsonl cannot be written (${error.code})`, error);
        },
        worker,
      );
    this.#passes = open('passes');
    this.#hits = open('hits');
    this.#pruning = setInterval(() => {
      this.#passes.prune();
      this.#hits.prune();
    }, PRUNE_MS).unref();
  }

  /** What cannot be written at the moment. */
  get failing(): string[] {
    const { dir } = this.#config;
    return this.#passes.isResting || this.#hits.isResting ? [`traffic is not recorded: ${dir} cannot be written`] : [];
  }

  /** Whether this one is to be recorded. */
  wants(verdict: TrafficRecord['verdict']): boolean {
    const share = verdict === 'pass' ? this.#config.sample : this.#config.hits;
    if (share === 0 || (share < 1 && Math.random() >= share)) return false;
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    return ++this.#inSecond <= MAX_PER_SECOND;
  }

  record(x: Exchange, { headers, body, isCut, verdict, score, rules }: TrafficFacts): void {
    const bound = this.#config.bodyBytes;
    const text = body.toString('latin1', 0, bound);
    const masked = this.#masking.request({ target: x.request.target, headers, body: text });
    const record: TrafficRecord = {
      v: 1,
      time: new Date().toISOString(),
      requestId: x.id,
      site: x.site,
      client: x.client,
      method: x.request.method,
      target: masked.target,
      protocol: x.request.version,
      headers: masked.headers,
      ...(masked.body === '' ? {} : { body: masked.body }),
      ...(isCut || body.length > bound ? { isCut: true } : {}),
      status: x.status,
      verdict,
      score,
      rules: rules.map((rule) => this.#marked(rule, masked.label)),
    };
    (verdict === 'pass' ? this.#passes : this.#hits).write(JSON.stringify(record));
  }

  #marked({ id, fields }: RecordedRule, label: MaskedRequest['label']): RecordedRule {
    const isHidden = fields.length > 0 && fields.every((field) => this.#masking.hides(field));
    return { id, fields: fields.map(label), ...(isHidden ? { isHidden } : {}) };
  }

  /** Nothing is recorded any more; what waits is written. */
  async finish(): Promise<void> {
    clearInterval(this.#pruning);
    await Promise.all([this.#passes.finish(), this.#hits.finish()]);
  }
}
