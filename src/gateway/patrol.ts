// Looks over all client connections again and again, so that no client can hold the door shut: who takes nothing of its
// answers, sends its body a byte at a time, never asks, stays for ever, or keeps the gateway busy with frames that are no
// requests, is told to go. One walk for all, so that a request on its way pays for none of it.
import type { Config } from '../config/config.ts';
import type { ClientStream } from '../http/client-stream.ts';
import type { Exchange } from '../http/exchange.ts';
import { words } from '../http/headers.ts';
import type { ReasonCounts } from '../observe/reason-counts.ts';
import { type Connection, STREAM_WINDOW_BYTES } from './connection.ts';
import type { Connections } from './connections.ts';

/** How often it looks; oftener where a deadline is shorter than four such rounds. */
const ROUND_MS = 1000;
const LEAST_ROUND_MS = 20;

/**
 * What an HTTP/2 client may send each second beside requests and bodies: PING, SETTINGS, WINDOW_UPDATE, what nghttp2
 * refuses.
 */
const IDLE_TALK_BYTES = 64 * 1024;
/** How much of it may have come at once. */
const IDLE_TALK_BURST_BYTES = 1024 * 1024;
/** A byte of a body in tiny frames comes with three of their heads. */
const FRAMED = 4;
/** Of what a client was sent, one part in so many may come back as WINDOW_UPDATE. */
const ACKNOWLEDGED = 16;

/** How many resets a connection counts as that was closed for its flood of frames. */
const FLOOD_COST = 100;
/** Ends that are nobody's fault: requests under way are finished. */
const GENTLY: ReadonlySet<string> = words('idle silent age requests');

/** The part of `timeouts.connection` by which one connection may end before another. */
const AGE_SPREAD = 0.1;

/** What was seen of an exchange the round before. */
interface Mark {
  /** Bytes of the answer that the client has taken, and since when it has not taken more. */
  taken: number;
  sinceMs: number;
  /** How long its body was waited for, in all. */
  awaitedMs: number;
}

interface Talk {
  readBytes: number;
  usefulBytes: number;
  excessBytes: number;
}

export class Patrol {
  readonly #connections: Connections;
  readonly #config: Config;
  readonly #closures: ReasonCounts;
  readonly #marks = new WeakMap<Exchange, Mark>();
  readonly #talk = new WeakMap<Connection, Talk>();
  #timer: NodeJS.Timeout | undefined;
  #lastMs = performance.now();

  constructor(connections: Connections, config: Config, closures: ReasonCounts) {
    this.#connections = connections;
    this.#config = config;
    this.#closures = closures;
  }

  /** Does not keep the process alive. */
  start(): void {
    const { handshakeMs, headersMs, bodyMs, bodyTotalMs, writeMs, idleMs, connectionMs } = this.#config.timeouts;
    const shortest = Math.min(handshakeMs, headersMs, bodyMs, bodyTotalMs, writeMs, idleMs, connectionMs);
    const roundMs = Math.max(LEAST_ROUND_MS, Math.min(ROUND_MS, shortest / 4));
    this.#timer = setInterval(() => this.#look(performance.now()), roundMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(nowMs: number): void {
    const passedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#connections.forgive(passedMs);
    this.#connections.arrivals.dropUnsecured(nowMs - this.#config.timeouts.handshakeMs);
    for (const connection of this.#connections.all) {
      const why = this.#wrongWith(connection, nowMs, passedMs);
      if (why === undefined) {
        if (connection.active > 0) this.#lookAtExchanges(connection, nowMs, passedMs);
        continue;
      }
      this.#closures.note(why);
      if (GENTLY.has(why)) connection.retire();
      else connection.breakOff();
      if (why === 'frames') this.#connections.blame(connection.peer, FLOOD_COST);
    }
  }

  /** Why the connection has to end; undefined: it may stay. */
  #wrongWith(connection: Connection, nowMs: number, passedMs: number): string | undefined {
    const { timeouts, requestLimits: limits } = this.#config;
    const { session, active, requests, retiredAt } = connection;
    if (session !== undefined && this.#isBabbling(connection, passedMs)) return 'frames';
    // A session that was told to go may hang on to a head that is never whole.
    if (retiredAt !== undefined)
      return active === 0 && nowMs - Math.max(retiredAt, connection.idleSince) > timeouts.headersMs
        ? 'overdue'
        : undefined;
    const longestMs = timeouts.connectionMs * (1 - AGE_SPREAD * connection.spread);
    if (nowMs - connection.openedAt > longestMs) return 'age';
    if (requests >= limits.requestsPerConnection) return 'requests';
    if (active > 0) return undefined;
    const idleMs = nowMs - connection.idleSince;
    // Node has both clocks for HTTP/1.1; one of its own for a session would take every PING for a request.
    if (session !== undefined && requests === 0 && idleMs > timeouts.headersMs) return 'silent';
    return idleMs > timeouts.idleMs ? 'idle' : undefined;
  }

  /** PING, SETTINGS, PRIORITY, HPACK bombs and their kind: what comes in and is neither request nor body. */
  #isBabbling(connection: Connection, passedMs: number): boolean {
    const { headerBytes, uriBytes } = this.#config.requestLimits;
    const { bytesRead, bytesWritten } = connection.socket;
    const usefulBytes =
      connection.requests * (headerBytes + uriBytes) + connection.bodyBytes * FRAMED + bytesWritten / ACKNOWLEDGED;
    const talk = this.#talk.get(connection);
    if (talk === undefined) {
      this.#talk.set(connection, { readBytes: bytesRead, usefulBytes, excessBytes: 0 });
      return false;
    }
    const allowed = usefulBytes - talk.usefulBytes + (IDLE_TALK_BYTES * passedMs) / 1000;
    talk.excessBytes = Math.max(0, talk.excessBytes + bytesRead - talk.readBytes - allowed);
    talk.readBytes = bytesRead;
    talk.usefulBytes = usefulBytes;
    if (talk.excessBytes <= IDLE_TALK_BURST_BYTES) return false;
    return talk.excessBytes > IDLE_TALK_BURST_BYTES + unreadBytes(connection);
  }

  #lookAtExchanges(connection: Connection, nowMs: number, passedMs: number): void {
    const { timeouts, requestLimits } = this.#config;
    let waiting = 0;
    for (const [x, stream] of connection.underWay) {
      let mark = this.#marks.get(x);
      if (mark === undefined) {
        mark = { taken: 0, sinceMs: nowMs, awaitedMs: 0 };
        this.#marks.set(x, mark);
      }
      this.#lookAtUpload(x, mark, passedMs);
      const waitedMs = this.#waitedMs(x, stream, mark, nowMs);
      if (waitedMs > timeouts.writeMs) this.#cut(x, stream, 'write-stall');
      // Those that have just met a full window are no sign of anything.
      else if (waitedMs > timeouts.writeMs / 4) waiting++;
    }
    if (waiting <= requestLimits.waitingStreams) return;
    this.#closures.note('waiting-streams');
    connection.breakOff();
  }

  #lookAtUpload(x: Exchange, mark: Mark, passedMs: number): void {
    const { upload } = x;
    // The client of a gRPC call may be silent as long as its server talks.
    if (upload?.isAwaited !== true || x.request.isGrpc) return;
    const { timeouts, requestLimits } = this.#config;
    mark.awaitedMs += passedMs;
    const leastBytes = ((mark.awaitedMs - timeouts.bodyMs) * requestLimits.bodyRate) / 1000;
    if (upload.received < leastBytes) {
      x.reason = 'body-rate';
      upload.giveUp(`less than ${requestLimits.bodyRate} bytes of the request body each second`);
    } else if (mark.awaitedMs > timeouts.bodyTotalMs) {
      x.reason = 'body-time';
      upload.giveUp(`the request body was not there after ${timeouts.bodyTotalMs} ms`);
    }
  }

  /** For how long the client has taken nothing of what there is for it. */
  #waitedMs(x: Exchange, stream: ClientStream, mark: Mark, nowMs: number): number {
    const { waitingBytes } = stream;
    const taken = x.bytesOut - waitingBytes;
    if (waitingBytes === 0 || taken !== mark.taken) {
      mark.taken = taken;
      mark.sinceMs = nowMs;
    }
    return nowMs - mark.sinceMs;
  }

  #cut(x: Exchange, stream: ClientStream, reason: string): void {
    x.reason = reason;
    x.error ??= 'client_timeout';
    this.#closures.note(reason);
    // What works for it is freed at once.
    x.leave();
    stream.reset();
  }
}

/** At most so much of bodies may lie with Node because their backends are slow. */
function unreadBytes({ underWay }: Connection): number {
  let uploads = 0;
  for (const { upload } of underWay.keys()) if (upload !== undefined) uploads++;
  return uploads * STREAM_WINDOW_BYTES;
}
