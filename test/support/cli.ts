// The command line as a user calls it: a process of its own.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  /** Resolves when that text has come on stderr; rejects when the process ends before. */
  said(text: string | RegExp): Promise<string>;
  readonly ended: Promise<Outcome>;
}

export function startCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  const { promise: ended, resolve } = Promise.withResolvers<Outcome>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.once('close', (code) => resolve({ code, stdout, stderr }));
  const said = (text: string | RegExp): Promise<string> => {
    const { promise, resolve: found, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) found(stderr);
    };
    child.stderr.on('data', look);
    child.once('close', () => reject(new Error(`ended without saying ${text}:\n${stderr}`)));
    look();
    return promise;
  };
  return { child, said, ended };
}

export function runCli(args: readonly string[], options?: Parameters<typeof startCli>[1]): Promise<Outcome> {
  return startCli(args, options).ended;
}

/** A folder of its own, gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
