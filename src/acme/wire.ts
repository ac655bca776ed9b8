// How requests reach a certificate authority: acme-client signs them and knows the protocol, this file sends them. Its own
// sender waits for ever, loses problem documents, and obeys a Retry-After of any length.
import https from 'node:https';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { Client, ClientOptions } from 'acme-client';
import { readDirectory } from './documents.ts';
import { libraries } from './library.ts';
import { AcmeError, kindOfProblem, printable, problemInWords, readProblem } from './problem.ts';
import { readRetryAfter } from './retry-after.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_NONCES = 16;
const DIRECTORY_LIFE_MS = 3_600_000;
const MAX_SOCKETS = 8;

export interface WireOptions {
  readonly directory: string;
  /** PEM; trusted beside the public roots. */
  readonly trustedRoots: readonly string[];
  /** For each single call. */
  readonly timeoutMs: number;
  /** What time it is, in ms since 1970. */
  readonly now: () => number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly data: unknown;
}

/** The part of acme-client's transport that its own methods stand on; its types do not tell it. */
interface Transport {
  request(url: string, method: string, options?: { data?: unknown }): Promise<Answer>;
  getNonce(): Promise<string>;
  getDirectory(): Promise<Record<string, unknown>>;
}

export type WiredClient = Client & {
  readonly http: Transport;
  readonly api: {
    apiRequest(url: string, payload: unknown, statuses: readonly number[]): Promise<Answer>;
    createAccount(data: object): Promise<Answer>;
    accountUrl?: string;
  };
};

/** The connections to one authority. Every failure is an AcmeError that keeps what the authority said. */
export class Wire {
  readonly #options: WireOptions;
  #agent: https.Agent | undefined;
  readonly #nonces: string[] = [];
  readonly #closing = new AbortController();
  #directory: Promise<Record<string, unknown>> | undefined;
  #directoryAt = 0;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** A client whose calls go this way. */
  async client(options: ClientOptions): Promise<WiredClient> {
    const { acme } = await libraries();
    const client = new acme.Client(options) as WiredClient;
    client.http.request = (url, method, { data } = {}) => this.send(url, method, data);
    client.http.getDirectory = () => this.directory();
    // Each answer brings a nonce (RFC 8555, 6.5); acme-client throws it away and asks for one before every call.
    const fresh = client.http.getNonce.bind(client.http);
    client.http.getNonce = async () => this.#nonces.pop() ?? (await fresh());
    return client;
  }

  /** As the authority sent it; asked for again after an hour. Callers at the same time share one question. */
  directory(): Promise<Record<string, unknown>> {
    if (this.#directory === undefined || performance.now() - this.#directoryAt > DIRECTORY_LIFE_MS) {
      this.#directoryAt = performance.now();
      const asking = this.#askDirectory();
      this.#directory = asking;
      asking.catch(() => {
        if (this.#directory === asking) this.#directory = undefined;
      });
    }
    return this.#directory;
  }

  async send(url: string, method: string, data?: unknown): Promise<Answer> {
    const { timeoutMs, now } = this.#options;
    const { axios } = await libraries();
    this.#agent ??= agentFor(this.#options);
    let answer: Answer;
    try {
      answer = (await axios.request({
        url,
        method,
        data,
        headers: { 'content-type': 'application/jose+json', 'user-agent': 'Gatehouse' },
        httpsAgent: this.#agent,
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
        maxContentLength: MAX_ANSWER_BYTES,
        // A signature is for one URL; and nobody is to send us to a host of their choice.
        maxRedirects: 0,
        validateStatus: null,
      })) as Answer;
    } catch (error) {
      throw unreachable(url, error, timeoutMs);
    }
    this.#keepNonce(method, answer);
    return checked(url, answer, now());
  }

  /** Aborted when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
    this.#agent?.destroy();
  }

  async #askDirectory(): Promise<Record<string, unknown>> {
    const { data } = await this.send(this.#options.directory, 'get');
    // What is none is not remembered as one.
    readDirectory(data, this.#options.directory);
    return data as Record<string, unknown>;
  }

  /** Not those that acme-client uses itself at once: the ones it asked for, and the one for its second try. */
  #keepNonce(method: string, { status, headers, data }: Answer): void {
    const nonce = headers['replay-nonce'];
    if (method !== 'post' || typeof nonce !== 'string' || this.#nonces.length >= MAX_NONCES) return;
    if (readProblem(data, status)?.type !== 'badNonce') this.#nonces.push(nonce);
  }
}

/** One context for all connections: to read some 150 roots for each takes tens of milliseconds. */
function agentFor({ trustedRoots }: WireOptions): https.Agent {
  const trust = trustedRoots.length === 0 ? {} : { ca: [...getCACertificates('default'), ...trustedRoots] };
  return new https.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, secureContext: createSecureContext(trust) });
}

function checked(url: string, answer: Answer, nowMs: number): Answer {
  const { status, headers, data } = answer;
  if (status < 300) return answer;
  if (status < 400) {
    const where = `${hostOf(url)} redirects to ${printable(headers.location) || 'nowhere'}`;
    throw new AcmeError('unreachable', `${where}: set \`certificates.acme.directory\` to where it has moved.`);
  }
  const problem = readProblem(data, status);
  // acme-client signs once more with a fresh nonce and sends again.
  if (problem?.type === 'badNonce') return answer;
  const retryAfterMs = readRetryAfter(headers['retry-after'], nowMs);
  if (problem !== undefined) {
    const message = `${hostOf(url)} refused: ${problemInWords(problem, 'request')}`;
    throw new AcmeError(kindOfProblem(problem), message, { problem, retryAfterMs });
  }
  const kind = status === 429 ? 'limit' : status >= 500 ? 'unreachable' : 'refused';
  throw new AcmeError(kind, `${hostOf(url)} answered with status ${status} and no explanation.`, { retryAfterMs });
}

function unreachable(url: string, error: unknown, timeoutMs: number): AcmeError {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  const why =
    code === 'ERR_CANCELED'
      ? `no answer within ${timeoutMs} ms`
      : (FAULTS[code ?? ''] ?? printable((cause as Error | undefined)?.message || message || code));
  return new AcmeError('unreachable', `${hostOf(url)} cannot be reached: ${why}.`, { cause: error });
}

const TRUST = 'its certificate is not trusted; for a private authority set `certificates.acme.trustedRoots`';

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name could not be looked up',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  CERT_HAS_EXPIRED: 'its certificate has expired; or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; or the clock of this machine is wrong',
};

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : printable(url);
}
