// A gateway under test: how it is told apart, found on this machine, and started with the settings that all share.
import type { Command } from '../rig/run.ts';
import type { Workspace } from '../rig/workspace.ts';

/** Connections to the backend that are kept: more than any scenario has requests under way. */
export const KEPT_CONNECTIONS = 256;
export const STREAMS_PER_CONNECTION = 128;

/** What every system is set up with. */
export interface Setup {
  readonly workspace: Workspace;
  readonly backendPort: number;
  /** Where it listens, on 127.0.0.1, for HTTP/2 and HTTP/1.1 over TLS. */
  readonly port: number;
}

export interface System {
  readonly name: string;
  /** Started and looked at, but given no load: it does more than the others. */
  readonly startsOnly?: boolean;
  /** Not kept to the one core of the others. */
  readonly hasAllCores?: boolean;
  /** Undefined: it is not installed here. */
  version(): string | undefined;
  /** Writes the configuration and says how it is started: in the foreground, one worker, one thread, no access log. */
  command(setup: Setup): Command;
}
