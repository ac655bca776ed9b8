// The answers to challenges that authorities are about to ask for. They are kept in the storage, because the question may
// reach another process than the one that ordered; and in memory, because most do not.
import { createSecureContext, type SecureContext } from 'node:tls';
import { TOKEN } from '../documents.ts';
import { fileNameOf } from '../storage/names.ts';
import type { Storage } from '../storage/storage.ts';

/** Left behind by a process that was killed: orders do not live longer than that. */
const MAX_AGE_MS = 24 * 3_600_000;

/** Questions to a storage elsewhere at once: anybody may ask for tokens that nobody has given out. */
const MAX_SEEKING = 20;

/** Removes the answer; never rejects. */
export type Withdraw = () => Promise<void>;

export class ChallengeAnswers {
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #pending = new Map<string, string>();
  #seeking = 0;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** RFC 8555, 8.3: what `/.well-known/acme-challenge/TOKEN` answers. Undefined when nobody waits for it. */
  http(token: string): string | undefined {
    return TOKEN.test(token) ? this.#find(`http/${token}`) : undefined;
  }

  /**
   * The same from the storage itself, where `http` may not have heard of it yet; undefined where that knows all, or too many
   * ask already. Never rejects.
   */
  seekHttp(token: string): Promise<string | undefined> | undefined {
    if (this.#storage.peeksAll || !TOKEN.test(token) || this.#seeking >= MAX_SEEKING) return undefined;
    this.#seeking++;
    return this.#storage
      .read(`challenges/http/${token}`)
      .then(
        (text) => text && answerOf(text),
        () => undefined,
      )
      .finally(() => this.#seeking--);
  }

  /** RFC 8737: PEM of certificate and key for a handshake with this server name. */
  alpn(serverName: string): string | undefined {
    const key = alpnKey(serverName);
    return key === undefined ? undefined : this.#find(key);
  }

  /** The same as OpenSSL wants it; damaged in the storage there is no answer. */
  alpnContext(serverName: string): SecureContext | undefined {
    const pem = this.alpn(serverName);
    try {
      return pem === undefined ? undefined : createSecureContext({ cert: pem, key: pem });
    } catch {
      return undefined;
    }
  }

  /** Throws a TypeError when the authority's token is none. */
  publishHttp(token: string, keyAuthorization: string): Promise<Withdraw> {
    if (!TOKEN.test(token)) throw new TypeError('the token of the challenge is not base64url');
    return this.#publish(`http/${token}`, keyAuthorization);
  }

  publishAlpn(serverName: string, pem: string): Promise<Withdraw> {
    const key = alpnKey(serverName);
    if (key === undefined) throw new TypeError('the name cannot be asked for in a handshake');
    return this.#publish(key, pem);
  }

  /** Removes what killed processes have left. Never rejects: what cannot be removed now goes at the next start. */
  async clean(): Promise<void> {
    for (const folder of ['http', 'alpn']) {
      const keys = await this.#storage.list(`challenges/${folder}`).catch(() => []);
      for (const key of keys) await this.#removeOld(key).catch(() => {});
    }
  }

  async #removeOld(key: string): Promise<void> {
    const text = await this.#storage.read(key);
    const bornMs = Number(text?.slice(0, text.indexOf('\n')));
    if (!(this.#now() - bornMs < MAX_AGE_MS)) await this.#storage.remove(key);
  }

  #find(key: string): string | undefined {
    const known = this.#pending.get(key);
    if (known !== undefined) return known;
    const text = this.#storage.peek(`challenges/${key}`);
    return text && answerOf(text);
  }

  async #publish(key: string, answer: string): Promise<Withdraw> {
    await this.#storage.write(`challenges/${key}`, `${this.#now()}\n${answer}`);
    this.#pending.set(key, answer);
    return async () => {
      this.#pending.delete(key);
      await this.#storage.remove(`challenges/${key}`).catch(() => {});
    };
  }
}

/** Behind the time when it was published. */
function answerOf(text: string): string {
  return text.slice(text.indexOf('\n') + 1);
}

/** Server names are lower case here; what is no name has no key. */
function alpnKey(serverName: string): string | undefined {
  const name = serverName.toLowerCase();
  return /^[a-z0-9_][a-z0-9._-]{0,252}$/.test(name) ? `alpn/${fileNameOf(name)}` : undefined;
}
