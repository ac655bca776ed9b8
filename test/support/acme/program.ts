// A server program as a process of its own: started, watched, paused and ended by its id.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 10_000;
const PROBE_INTERVAL_MS = 10;

export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
  }

  /** Resolves when the program accepts connections on `port`; rejects with what it said when it ends before. */
  static async start(
    name: string,
    args: readonly string[],
    options: { port: number; env?: Readonly<Record<string, string>> },
  ): Promise<Program> {
    const child = spawn(name, args, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const program = new Program(name, child);
    child.on('error', (error) => program.#hear(error.message));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => program.#hear(chunk.toString()));
    }
    // A test run that is cut short leaves no server behind.
    process.once('exit', program.#kill);
    child.once('close', () => process.off('exit', program.#kill));
    try {
      await program.#listens(options.port);
    } catch (error) {
      await program.end();
      throw error;
    }
    return program;
  }

  log(): string {
    return this.#output;
  }

  /** SIGSTOP: connections are accepted by the system, and never answered. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGKILL: nothing here keeps state that an orderly end would save, and a paused process ends by it too. */
  async end(): Promise<void> {
    if (this.#hasEnded()) return;
    const closed = once(this.#child, 'close');
    this.#kill();
    await closed;
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  #hear(text: string): void {
    this.#output += text;
  }

  #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #listens(port: number): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await accepts(port))) {
      if (this.#hasEnded() || Date.now() > deadline) throw new Error(`${this.#name} did not start:\n${this.#output}`);
      await delay(PROBE_INTERVAL_MS);
    }
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
