// What was asked of the disk while rules were loaded, and what it said: so it can be told later whether loading them once
// more would give the same. Asking anew takes some milliseconds, loading a large rule set half a second and much memory.
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findFiles } from './seclang/files.ts';

interface Asked {
  readonly ask: () => string;
  readonly answer: string;
}

export class RuleFiles {
  readonly #asked: Asked[] = [];
  readonly #read = new Set<string>();
  readonly #hash: Hash = createHash('sha256');

  /** Throws as `readFileSync` does. */
  readonly read = (file: string): Buffer => {
    try {
      const bytes = readFileSync(file);
      this.#read.add(file).add(path.dirname(file));
      this.#hash.update(file).update('\0').update(bytes);
      this.#note(() => digestOf(file), digest(bytes));
      return bytes;
    } catch (error) {
      this.#note(() => digestOf(file), codeOf(error));
      throw error;
    }
  };

  /** See `findFiles`. */
  readonly find = (pattern: string, baseDir: string = process.cwd()): string[] => {
    const found = findFiles(pattern, baseDir);
    this.#note(() => findFiles(pattern, baseDir).join('\0'), found.join('\0'));
    return found;
  };

  /** Of what lies in a folder, sorted. */
  names(folder: string): string[] {
    const found = readdirSync(folder).sort();
    this.#note(() => readdirSync(folder).sort().join('\0'), found.join('\0'));
    return found;
  }

  isThere(file: string): boolean {
    const answer = existsSync(file);
    this.#note(() => String(existsSync(file)), String(answer));
    return answer;
  }

  /** All that was read, and their folders. */
  get files(): string[] {
    return [...this.#read];
  }

  /** Of all that was read: the same text gives the same hash. */
  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Whether every answer would be the same now. */
  readonly areUnchanged = (): boolean => this.#asked.every(({ ask, answer }) => ask() === answer);

  #note(ask: () => string, answer: string): void {
    this.#asked.push({ ask, answer });
  }
}

function digestOf(file: string): string {
  try {
    return digest(readFileSync(file));
  } catch (error) {
    return codeOf(error);
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
