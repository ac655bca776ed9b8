// Makes this machine trust the local CA's root, or forget it. Every command is run without a shell, and shown to the
// operator; without the rights to run them, they are only shown.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { certificateInvalid, readCertificates } from './chain.ts';
import { readIfThere } from './files.ts';
import { type Command, type TrustStore, trustStoreFor } from './trust-stores.ts';

const COMMAND_TIMEOUT_MS = 60_000;

export interface TrustResult {
  /** Whether the root is in the store now, as far as the commands tell. */
  readonly installed: boolean;
  /** For people; undefined when this system has none that Gatehouse knows. */
  readonly store: string | undefined;
  /** Shell lines: what was run, or what the operator has to run. */
  readonly commands: readonly string[];
  /** What happened and what is left to do. */
  readonly message: string;
}

/** The machine that this file works on. */
export interface TrustHost {
  readonly platform: NodeJS.Platform;
  /** Undefined where only trying can tell (Windows). */
  readonly isRoot: boolean | undefined;
  exists(path: string): boolean;
  /** Rejects when the command fails or cannot be started. */
  run(file: string, args: readonly string[]): Promise<void>;
}

/**
 * Puts the root in the file at `rootPath` into the system's trust store. Throws GatehouseError only for a file that
 * holds no root.
 */
export async function installRoot(rootPath: string, host: TrustHost = thisHost()): Promise<TrustResult> {
  const path = resolve(rootPath);
  const store = storeOf(path, host);
  if (store === undefined) {
    return handWork(
      false,
      `This system has no trust store that Gatehouse knows. Add ${path} by hand to the roots that it trusts.`,
    );
  }
  const attempt = await carryOut(store.install, host);
  return {
    installed: attempt.isDone,
    store: store.name,
    commands: attempt.commands,
    message: attempt.isDone
      ? `The local CA is now trusted (${store.name}). Restart browsers. ${elsewhere(path, host.platform)}`
      : `The local CA is not trusted yet: ${attempt.reason}`,
  };
}

/**
 * Takes the root of the file at `rootPath` out of the system's trust store; harmless when it is not in it. Throws like
 * `installRoot`.
 */
export async function uninstallRoot(rootPath: string, host: TrustHost = thisHost()): Promise<TrustResult> {
  const path = resolve(rootPath);
  const store = storeOf(path, host);
  if (store === undefined) {
    return handWork(
      true,
      `This system has no trust store that Gatehouse knows. Remove ${path} by hand from the roots that it trusts.`,
    );
  }
  const attempt = await carryOut(store.uninstall, host);
  return {
    installed: !attempt.isDone,
    store: store.name,
    commands: attempt.commands,
    message: attempt.isDone
      ? `The local CA is no longer trusted (${store.name}). Restart browsers; remove it by hand where it was added by hand.`
      : `The local CA may still be trusted: ${attempt.reason}`,
  };
}

function storeOf(path: string, host: TrustHost): TrustStore | undefined {
  const pem = readIfThere(path);
  if (pem === undefined) {
    throw certificateInvalid(
      `${path} is not there. The local CA is made when a site first needs it: start the gateway once.`,
    );
  }
  const [root] = readCertificates(pem, path);
  if (root?.ca !== true)
    throw certificateInvalid(`${path} is not a root certificate. Name the root.pem of the local CA.`);
  return trustStoreFor(host.platform, (folder) => host.exists(folder), path, root);
}

interface Attempt {
  readonly isDone: boolean;
  readonly commands: readonly string[];
  /** Why not, and what to run by hand; empty when it is done. */
  readonly reason: string;
}

async function carryOut(commands: readonly Command[], host: TrustHost): Promise<Attempt> {
  const isWindows = host.platform === 'win32';
  const lines = commands.map((command) => `${isWindows ? '' : 'sudo '}${shellLine(command, isWindows)}`);
  const byHand = isWindows ? `in a prompt "as administrator": ${lines.join(' & ')}` : lines.join(' && ');
  if (host.isRoot === false) {
    return { isDone: false, commands: lines, reason: `it needs the rights of root. Run ${byHand}` };
  }
  for (const [file, ...args] of commands) {
    try {
      await host.run(file, args);
    } catch (error) {
      return { isDone: false, commands: lines, reason: `${file} failed (${failureOf(error)}). Run ${byHand}` };
    }
  }
  return { isDone: true, commands: commands.map((command) => shellLine(command, isWindows)), reason: '' };
}

function handWork(installed: boolean, message: string): TrustResult {
  return { installed, store: undefined, commands: [], message };
}

/** Programs with roots of their own, which no system store reaches. */
function elsewhere(path: string, platform: NodeJS.Platform): string {
  const browsers =
    platform === 'linux'
      ? `Chrome and Firefox on Linux keep their own roots: import ${path} there as an authority.`
      : `Firefox may keep its own roots: import ${path} there as an authority.`;
  return `${browsers} Node needs NODE_EXTRA_CA_CERTS=${path} or --use-system-ca.`;
}

/** One command as it is pasted into a shell. */
function shellLine(command: Command, isWindows: boolean): string {
  return command.map((word) => (/^[\w./:@=+\\-]+$/.test(word) ? word : quoted(word, isWindows))).join(' ');
}

function quoted(word: string, isWindows: boolean): string {
  return isWindows ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function failureOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string };
  return stderr.trim().split('\n').at(-1) || message;
}

function thisHost(): TrustHost {
  const run = promisify(execFile);
  return {
    platform: process.platform,
    isRoot: process.getuid === undefined ? undefined : process.getuid() === 0,
    exists: existsSync,
    run: async (file, args) => {
      await run(file, args, { timeout: COMMAND_TIMEOUT_MS, windowsHide: true });
    },
  };
}
