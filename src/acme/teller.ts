// What the operator hears of certificates: each success, each failure with the time of the next try, and, louder and
// louder, that one is about to end.
import { Seldom } from '../base/seldom.ts';
import type { Job, JobEvents } from './job.ts';
import { type Life, urgency } from './renewal.ts';

/** How a record is written; `observe/` does it in the gateway, the terminal in a command. */
export type Tell = (
  level: 'info' | 'warn' | 'error',
  message: string,
  facts: Readonly<Record<string, unknown>>,
) => void;

/** How often the same trouble is told. */
const SAME_EVERY_MS = 30_000;

export class Teller {
  readonly #tell: Tell;
  /** The last thing said about the end of each name's certificate. */
  readonly #said = new Map<string, string>();
  readonly #seldom = new Seldom(SAME_EVERY_MS);
  readonly #now: () => number;

  constructor(tell: Tell, now: () => number = Date.now) {
    this.#tell = tell;
    this.#now = now;
  }

  warn(message: string): void {
    if (this.#seldom.isTime(message)) this.#tell('warn', message, {});
  }

  /** A defect of ours, or a storage that fails: the other names go on. */
  broken(name: string | undefined, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#tell('error', `the work on certificates failed: ${message}`, { name, err: error });
  }

  events(onChange: () => void): JobEvents {
    return {
      obtained: (job, { source, type, profile }) => {
        const { issuer } = source.authority;
        this.#tell('info', `a certificate for ${job.name} was issued`, {
          name: job.name,
          authority: issuer.directory,
          challenge: type,
          profile,
          notAfter: job.certificate?.notAfter.toISOString(),
        });
        onChange();
      },
      adopted: (job) => {
        this.#tell('info', `a certificate for ${job.name} was found in the storage`, { name: job.name });
        onChange();
      },
      advised: (job) => {
        const { explanationUrl } = job.story.advice ?? {};
        const renewAt = new Date(job.renewAtMs ?? 0).toISOString();
        // An authority that explains itself has a reason that concerns us (RFC 9773, 4.2).
        this.#tell(explanationUrl === undefined ? 'info' : 'warn', `the authority advises to renew ${job.name}`, {
          name: job.name,
          renewAt,
          explanationUrl,
        });
      },
      failed: (job, source, { kind, message, count, nextTryMs }) => {
        const life = job.certificate;
        // It is one and the same for all names, of which there may be thousands.
        if (kind === 'storage' && !this.#seldom.isTime(kind)) return;
        const isUrgent = life !== undefined && ['urgent', 'expired'].includes(urgency(life, this.#now()));
        const nextTry = new Date(nextTryMs).toISOString();
        this.#tell(isUrgent ? 'error' : 'warn', `no certificate for ${job.name}: ${message} Next try at ${nextTry}.`, {
          name: job.name,
          authority: source.authority.issuer.directory,
          kind,
          count,
          nextTry,
          notAfter: life?.notAfter.toISOString(),
        });
      },
    };
  }

  /** Once for each step on the way to the end of a certificate that should have been renewed. */
  watch(job: Job, nowMs: number): void {
    const life: Life | undefined = job.certificate;
    const step = life === undefined || (job.renewAtMs ?? 0) > nowMs ? 'fine' : urgency(life, nowMs);
    const before = this.#said.get(job.name) ?? 'fine';
    if (step === before) return;
    this.#said.set(job.name, step);
    if (life === undefined || step === 'fine') return;
    const when = life.notAfter.toISOString();
    const message =
      step === 'expired'
        ? `the certificate for ${job.name} expired on ${when} and could not be renewed: clients refuse it`
        : `the certificate for ${job.name} ends on ${when} and could not be renewed yet`;
    this.#tell(step === 'soon' ? 'warn' : 'error', message, { name: job.name, notAfter: when });
  }
}
