// The vectors of the injection tests. All verdicts in them are libinjection's own (3.9.2): its unit tests, its corpora of
// attacks and of harmless lines, and generated values with the verdict its C library gave.
import { readFileSync } from 'node:fs';

/** One of the project's unit tests; the expected output is what its test driver prints. */
export interface UnitTest {
  readonly name: string;
  readonly input: string;
  readonly expected: string;
}

/** Vector files hold one byte in each character. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** A row is the verdict, a space, and the value. */
export function splitRow(row: string): [verdict: string, value: string] {
  const at = row.indexOf(' ');
  return [row.slice(0, at), row.slice(at + 1)];
}
