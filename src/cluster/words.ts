// What the supervisor and its workers ask and tell each other.
import type { Renewed } from '../acme/keeper.ts';
import type { ManagedStatus } from '../acme/status.ts';
import type {
  BanReasons,
  BanStatus,
  BanWish,
  CacheStatus,
  Purged,
  PurgeWish,
  ReloadState,
  Status,
} from '../admin/control.ts';
import type { ExceptionFigures, ExceptWish, FindingSummary, ShadowReport } from '../admin/rules-control.ts';
import type { PurgeOrder } from '../cache/purge.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import type { Ban } from '../limits/ban.ts';
import type { BanChange } from '../limits/bans.ts';
import type { Count } from '../limits/counter.ts';
import type { FigureSet } from '../observe/metrics.ts';
import type { TicketKey } from '../tls/tickets.ts';
import type { Written } from '../tuning/except.ts';
import type { Explanation } from '../tuning/explanation.ts';
import type { Fault } from './channel.ts';

/** What a worker begins with. */
export interface Orders {
  /** From 1. */
  readonly number: number;
  /** How many there are. */
  readonly workers: number;
  /** Checked, so that nobody reads the file again: all have the very same one. */
  readonly config: Config;
  readonly isLead: boolean;
  readonly ticketKey: TicketKey;
  readonly bans: readonly Ban[] | undefined;
  /** Of the last reload; undefined: there was none. */
  readonly reload: ReloadState | undefined;
}

/** What a worker tells of a configuration that it has made ready. */
export interface Readiness {
  readonly warnings: readonly string[];
  /** What is worth a word of its rules. */
  readonly notices: readonly { readonly message: string; readonly file: string; readonly line: number }[];
  /** What it was made of beside the configuration: files with rules. */
  readonly files: readonly string[];
  readonly listen: Status['listen'];
}

export interface CountWish {
  readonly id: string;
  readonly points: number;
  readonly windowMs: number;
  readonly key: string;
  /** Less than 0: taken back. */
  readonly add: number;
}

/** A place of a request that is under way; `wanted` undefined: it is given back. */
export interface PlaceWish {
  /** Told apart from all others of the worker. */
  readonly place: number;
  readonly wanted?: { readonly id: string; readonly key: string; readonly most: number };
}

/** What the supervisor answers. */
export interface AtSupervisor {
  orders(_: undefined): Promise<Orders>;
  ready(readiness: Readiness): void;
  /** It cannot start. */
  failed(fault: Fault): void;
  /** Its event loop turns. */
  beat(_: undefined): void;
  /** A handle of Node's. */
  socket(wish: { kind: string; place: ListenAddress; nth: number }): Promise<object>;
  count(wishes: readonly CountWish[]): Promise<readonly Count[]>;
  /** Whether each was given. */
  places(wishes: readonly PlaceWish[]): readonly boolean[];
  ban(change: BanChange): void;
  purged(order: PurgeOrder): void;
  certificates(_: undefined): void;
  ticketsEnded(_: undefined): void;
  order(name: string): Promise<void>;
}

/** What a worker answers. */
export interface AtWorker {
  prepare(config: Config): Promise<void>;
  commit(_: undefined): Promise<Readiness>;
  discard(_: undefined): void;
  reloaded(state: ReloadState): void;
  /** It is the one now that does what one alone must do. */
  lead(_: undefined): Promise<void>;
  stop(drainMs: number): Promise<void>;
  stopNow(_: undefined): void;
  reopenLogs(_: undefined): void;
  ticketKey(key: TicketKey): Promise<void>;
  heardOfBan(change: BanChange): Promise<void>;
  heardOfPurge(order: PurgeOrder): Promise<void>;
  heardOfCertificates(_: undefined): Promise<void>;
  order(name: string): Promise<void>;
  knownBans(_: undefined): Promise<readonly Ban[]>;
  status(_: undefined): Promise<Status>;
  remarks(_: undefined): Promise<readonly string[]>;
  figures(_: undefined): Promise<FigureSet>;
  renewCertificates(name: string | undefined): Promise<readonly Renewed[]>;
  lookForCertificates(_: undefined): Promise<readonly ManagedStatus[]>;
  bans(_: undefined): Promise<readonly BanStatus[]>;
  addBan(wish: BanWish): Promise<BanStatus>;
  removeBan(wish: Pick<BanWish, 'address' | 'site'>): Promise<readonly BanStatus[]>;
  whyBanned(address: string): Promise<BanReasons>;
  caches(_: undefined): Promise<readonly CacheStatus[]>;
  purgeCache(wish: PurgeWish): Promise<Purged>;
  findings(_: undefined): Promise<readonly FindingSummary[]>;
  explain(requestId: string): Promise<Explanation | null>;
  exceptions(_: undefined): Promise<readonly ExceptionFigures[]>;
  shadows(_: undefined): Promise<readonly ShadowReport[]>;
  except(wish: ExceptWish): Promise<Written | null>;
}
