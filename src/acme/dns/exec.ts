// Provider exec: a program of the operator's sets the records. It is run without a shell, so that no name
// can become a command, and it ends at the deadline with all that it started.

import { spawn } from 'node:child_process';
import type { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import type { Teller } from './failure.ts';
import { providerFailure, stopped } from './failure.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';

/** Of what the program writes to its standard error; the end of it says most. */
const maxErrorBytes = 16 * 1024;
/** Shown of that. */
const maxErrorChars = 300;
/** From asking the program to end to ending it. */
const defaultGraceMs = 2000;
/** What the program started may hold its standard error open; it is not waited for longer. */
const lastWordsMs = 200;

/** Variables of these names hold what no message may show, even when the program writes it out. */
const secretName = /pass|secret|token|key|credential|auth/i;

type Action = 'present' | 'cleanup';

export function exec(
  { command }: DnsProviderConfig & { name: 'exec' },
  { graceMs = defaultGraceMs }: { readonly graceMs?: number } = {},
): DnsProvider {
  return {
    present: (record, signal) => run(command, 'present', record, signal, graceMs),
    cleanup: (record, signal) => run(command, 'cleanup', record, signal, graceMs),
  };
}

async function run(
  [program = '', ...own]: readonly string[],
  action: Action,
  { fqdn, value }: TxtRecord,
  signal: AbortSignal,
  graceMs: number,
): Promise<void> {
  const what = `${program} ${action} ${fqdn}`;
  const teller = { provider: 'exec', secrets: secretsOf(process.env) };
  if (signal.aborted) throw stopped(teller, what);
  const child = spawn(program, [...own, action, fqdn, value], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GATEHOUSE_DNS_ACTION: action, GATEHOUSE_DNS_FQDN: fqdn, GATEHOUSE_DNS_VALUE: value },
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  let said = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-maxErrorBytes);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = new Promise<End>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ error }));
    child.once('exit', (code, killedBy) => resolve({ code, killedBy }));
  });
  const stopper = new AbortController();
  const stop = (): void => void end(child.pid, graceMs, stopper.signal);
  signal.addEventListener('abort', stop, { once: true });
  const result = await ended;
  signal.removeEventListener('abort', stop);
  stopper.abort();
  if (result.error !== undefined) throw cannotStart(teller, what, result.error);
  await Promise.race([closed, sleep(lastWordsMs)]);
  child.stderr.destroy();
  // The program is gone; what it left behind would otherwise outlive the deadline.
  if (signal.aborted) kill(child.pid, 'SIGKILL');
  const words = lastOf(said.toString(), teller.secrets);
  if (signal.aborted && result.code !== 0) throw stopped(teller, what, words === '' ? undefined : words);
  if (result.code === 0) return;
  const how = result.code === null ? `it was ended by ${result.killedBy}` : `it ended with exit code ${result.code}`;
  throw providerFailure(teller, {
    what,
    answer: words === '' ? `${how} and wrote nothing to its standard error` : `${how} and said: ${words}`,
    advice: 'run it by hand with the same arguments',
  });
}

type End =
  | { readonly error: NodeJS.ErrnoException }
  | { readonly error?: undefined; readonly code: number | null; readonly killedBy: string | null };

function cannotStart(teller: Teller, what: string, error: NodeJS.ErrnoException): Error {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such program, or the interpreter in its first line is missing',
    EACCES: 'it may not be run; is it executable?',
    ENOEXEC: 'it is no program; a script begins with a line like #!/bin/sh',
  };
  return providerFailure(teller, {
    what,
    answer: reasons[error.code ?? ''] ?? `it cannot be started (${error.code ?? error.message})`,
    advice: 'see dns.command',
  });
}

/** Freed of secrets before it is cut: half a secret could not be found. */
function lastOf(text: string, secrets: readonly string[]): string {
  const masked = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text).trim();
  return masked.length > maxErrorChars ? `…${masked.slice(-maxErrorChars)}` : masked;
}

/** Asks the group to end, and ends it when it does not. */
async function end(pid: number | undefined, graceMs: number, isOver: AbortSignal): Promise<void> {
  kill(pid, 'SIGTERM');
  await sleep(graceMs, undefined, { signal: isOver }).then(
    () => kill(pid, 'SIGKILL'),
    () => undefined,
  );
}

function kill(pid: number | undefined, signal: keyof typeof constants.signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}

function secretsOf(env: NodeJS.ProcessEnv): string[] {
  const values = Object.entries(env).flatMap(([name, value]) => (secretName.test(name) && value ? [value] : []));
  return values.filter((value) => value.length >= 6).sort((a, b) => b.length - a.length);
}
