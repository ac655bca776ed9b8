// The key of session tickets. Whoever has it can read every session of TLS 1.2 that it has sealed, so it lives in memory
// only, and not for long. Node's servers know one key at a time: after a rotation, tickets of the key before are
// no good and their clients do a full handshake, which costs one round trip and fails nothing. Early data (0-RTT), which
// anybody could send twice, is never taken: Node does not offer it.
import { randomBytes } from 'node:crypto';

/** How long a ticket may be used; with one key at a time, a twelfth of all clients meets a rotation. */
export const SESSION_LIFE_SECONDS = 3600;
const KEY_LIFE_MS = 12 * SESSION_LIFE_SECONDS * 1000;
/** Name, HMAC key and AES key, 16 bytes each. */
const KEY_BYTES = 48;

export interface TicketKey {
  readonly key: Buffer;
  /** When another one takes its place; ms since 1970. */
  readonly untilMs: number;
}

export class TicketKeys {
  readonly #now: () => number;
  readonly #onChange: (key: Buffer) => void;
  #current: TicketKey;
  #timer: NodeJS.Timeout | undefined;
  #isShared = false;

  /** `onChange` hands each later key to the servers. */
  constructor(onChange: (key: Buffer) => void, now: () => number = Date.now) {
    this.#onChange = onChange;
    this.#now = now;
    this.#current = this.#fresh();
  }

  /** What processes that serve the same addresses must share, so that each resumes the others' sessions. */
  get current(): TicketKey {
    return this.#current;
  }

  /** Whether other processes make sessions that are resumed here. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /**
   * Takes over the key of another process. Its next key should come before this one ends. Every process that shares the
   * key and serves clients has to take it over, or it does not expect sessions that it has not made (`client-proof.ts`).
   */
  adopt(key: TicketKey): void {
    this.#isShared = true;
    this.#use(key);
  }

  /** No session of before is resumed after this. */
  rotate(): void {
    this.#use(this.#fresh());
  }

  /** From now on a key is replaced when its time is over. Does not keep the process alive. */
  start(): void {
    const leftMs = Math.max(0, this.#current.untilMs - this.#now());
    this.#timer = setTimeout(() => this.rotate(), leftMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #use(key: TicketKey): void {
    this.#current = key;
    this.#onChange(key.key);
    if (this.#timer === undefined) return;
    this.stop();
    this.start();
  }

  #fresh(): TicketKey {
    return { key: randomBytes(KEY_BYTES), untilMs: this.#now() + KEY_LIFE_MS };
  }
}
