// What befalls the gateway and its backends meanwhile, each written down, so that what failed by it can be told from all else.
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { newCertificate, type Workspace } from '../rig/workspace.ts';
import type { Backends } from './backends.ts';
import type { Failure } from './ledger.ts';
import { clientPortsOf } from './owners.ts';
import type { Subject } from './subject.ts';

const RELOAD_MS = 700;
/** One reload in so many is of a broken file. */
const BROKEN_EVERY = 4;
const KILL_MS = 15_000;
const FLAP_MS = 6_000;
const AWAY_MS = 1_500;
const CERTIFICATE_MS = 20_000;
/** For the news of a server's end to reach whoever was on the way to it. */
const NEWS_MS = 250;

/** Each is no configuration of this gateway. */
const BROKEN: readonly string[] = [
  'sites: [',
  'sites: { a.test: { to: "http://127.0.0.1:1", whatever: 1 } }',
  'sites: { a.test: { to: "http://127.0.0.1:1", certificate: { cert: none.pem, key: none.key } } }',
  'sites: { a.test: { to: "http://127.0.0.1:1", waf: { rules: [none.conf] } } }',
  'listen: { https: "192.0.2.1:443" }\nsites: { a.test: { to: "http://127.0.0.1:1" } }',
  '',
];

export class Faults {
  readonly counts: Record<'reloads' | 'refused reloads' | 'kills' | 'flaps' | 'certificates', number> = {
    reloads: 0,
    'refused reloads': 0,
    kills: 0,
    flaps: 0,
    certificates: 0,
  };
  /** What went wrong with the gateway itself. */
  readonly faults: string[] = [];
  /** Client ports of connections that went with their worker, and when. */
  readonly #killed = new Map<number, number>();
  readonly #away: { readonly fromMs: number; toMs: number }[] = [];
  readonly #subject: Subject;
  readonly #backends: Backends;
  readonly #workspace: Workspace;

  constructor(subject: Subject, backends: Backends, workspace: Workspace) {
    this.#subject = subject;
    this.#backends = backends;
    this.#workspace = workspace;
  }

  async run(isOver: () => boolean): Promise<void> {
    const every = async (ms: number, act: (count: number) => Promise<void>): Promise<void> => {
      for (let count = 0; ; count++) {
        const untilMs = performance.now() + ms;
        while (performance.now() < untilMs) {
          if (isOver()) return;
          await sleep(Math.min(100, ms));
        }
        await act(count).catch((error: Error) => this.faults.push(error.message));
      }
    };
    await Promise.all([
      every(RELOAD_MS, (count) => this.#reload(count)),
      every(KILL_MS, (count) => this.#kill(count)),
      every(FLAP_MS, () => this.#flap()),
      every(CERTIFICATE_MS, () => this.#certificate()),
    ]);
  }

  /** Why a request had to fail. */
  explain({ kind, beganMs, port }: Failure): string | undefined {
    const killedMs = port === undefined ? undefined : this.#killed.get(port);
    // A port is used again by later connections.
    if (killedMs !== undefined && beganMs <= killedMs) return 'its worker was killed';
    if (killedMs !== undefined && performance.now() - killedMs < 1000)
      return 'its kept connection was with a worker that was killed';
    const wasAway = this.#away.some(({ fromMs, toMs }) => beganMs < toMs + NEWS_MS && performance.now() > fromMs);
    if (kind === 'flapping server, POST' && wasAway) return 'its server went away, and it cannot be sent twice';
    return undefined;
  }

  async #reload(count: number): Promise<void> {
    const broken = count % BROKEN_EVERY === BROKEN_EVERY - 1 ? BROKEN[(count >> 2) % BROKEN.length] : undefined;
    this.#subject.write(count, broken);
    const { ok, problems, error } = await this.#subject.reload();
    const words = [error, ...problems.map(({ message }) => message)].filter((each) => each !== null).join('; ');
    this.counts[ok ? 'reloads' : 'refused reloads']++;
    if (ok && broken !== undefined) this.faults.push(`a broken configuration was taken: ${broken}`);
    // A worker that was killed at that very moment cannot agree.
    if (!ok && broken === undefined && !words.includes('a process of the gateway has ended'))
      this.faults.push(`not reloaded: ${words}`);
  }

  /** It stands still first, so that whose connections go with it is known to the last one. */
  async #kill(count: number): Promise<void> {
    const workers = await this.#subject.workers();
    const victim = workers[count % Math.max(1, workers.length)];
    // Where there is one left, so that somebody serves.
    if (victim === undefined || workers.length < 2) return;
    process.kill(victim.pid, 'SIGSTOP');
    const nowMs = performance.now();
    for (const port of clientPortsOf(victim.pid)) this.#killed.set(port, nowMs);
    process.kill(victim.pid, 'SIGKILL');
    this.counts.kills++;
  }

  async #flap(): Promise<void> {
    const away = { fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    this.#away.push(away);
    this.counts.flaps++;
    await this.#backends.flap(AWAY_MS);
    away.toMs = performance.now();
  }

  /** Certificate and key are one file, which is never there by half. */
  async #certificate(): Promise<void> {
    const { cert, key } = newCertificate();
    const next = this.#workspace.file('next.pem');
    await writeFile(next, cert + key);
    await rename(next, this.#workspace.certWithKey);
    this.counts.certificates++;
  }
}
