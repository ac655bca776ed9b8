// The names that certificates are kept for, each with its job, and what is served for a name by them.
import type { Certificate } from '../tls/certificate.ts';
import { wildcardFor } from '../tls/names.ts';
import { inTurns, MAX_READING } from './in-turns.ts';
import { Job, type JobParts } from './job.ts';

export class KeptNames {
  readonly #parts: JobParts;
  readonly #onLeave: (job: Job) => void;
  readonly #jobs = new Map<string, Job>();
  /** Of names that a wildcard covers now, from before: until it is there. */
  readonly #covered = new Map<string, Certificate>();

  constructor(parts: JobParts, onLeave: (job: Job) => void) {
    this.#parts = parts;
    this.#onLeave = onLeave;
  }

  /** By name. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#jobs;
  }

  /** In the order of their names. */
  inOrder(): Job[] {
    return [...this.#jobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** In service for the name itself or by a wildcard. */
  find(name: string): Certificate | undefined {
    const exact = this.#jobs.get(name)?.certificate;
    const wildcard = wildcardFor(name);
    const wider = wildcard === undefined ? undefined : this.#jobs.get(wildcard)?.certificate;
    return exact ?? wider ?? this.#covered.get(name);
  }

  /**
   * Keeps these too, with what is stored for them; resolves to those that are new. `covered`: names that a wildcard among
   * them is for. Never rejects.
   */
  async open(names: readonly string[], covered: readonly string[] = []): Promise<string[]> {
    const added = names.filter((name) => !this.#jobs.has(name));
    await inTurns(added, MAX_READING, (name) => this.#open(name));
    await inTurns(covered, MAX_READING, (name) => this.#openCovered(name));
    return added;
  }

  leaveAllBut(kept: ReadonlySet<string>): void {
    for (const [name, job] of this.#jobs) if (!kept.has(name)) this.leave(job);
  }

  leave(job: Job): void {
    job.leave();
    this.#jobs.delete(job.name);
    this.#onLeave(job);
  }

  async #open(name: string): Promise<void> {
    const job = new Job(name, this.#parts);
    await job.load();
    if (this.#jobs.has(name)) return;
    this.#jobs.set(name, job);
    this.#covered.delete(name);
  }

  async #openCovered(name: string): Promise<void> {
    if (this.#covered.has(name)) return;
    const certificate = (await this.#parts.tools.store.find(name))?.certificate;
    if (certificate !== undefined) this.#covered.set(name, certificate);
  }
}
