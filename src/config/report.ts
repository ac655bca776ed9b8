// Collects the faults of one file and turns them into Problems: each once, in the order of the file,
// with the line shown and secrets hidden.

import type { Problem } from '../base/errors.ts';
import type { Place } from './model/waf.ts';
import type { Range } from './secrets.ts';
import { maskLine } from './secrets.ts';

/** Stable codes of what can be wrong with a configuration file. */
export type FaultCode =
  | 'bad-reference'
  | 'bad-value'
  | 'duplicate-address'
  | 'duplicate-id'
  | 'duplicate-key'
  | 'duplicate-name'
  | 'missing-key'
  | 'not-available'
  | 'too-many-problems'
  | 'unknown-key'
  | 'unknown-upstream'
  | 'unreadable-file'
  | 'unset-variable'
  | 'wrong-type'
  | 'yaml-syntax';

/** Nobody reads more; the rest is counted. */
const maxProblems = 1000;
/** A longer line, as of a file that a program wrote, is not shown. */
const maxLineLength = 400;

interface Fault {
  readonly offset: number;
  readonly code: FaultCode;
  /** Where in the configuration, like `timeouts.idle`; empty for the file itself. */
  readonly path: string;
  readonly text: string;
}

export class Report {
  readonly #file: string;
  readonly #text: string;
  readonly #lineStarts: number[] = [0];
  readonly #faults: Fault[] = [];
  readonly #secrets: Range[] = [];
  readonly #brokenLines = new Set<number>();
  #isTruncated = false;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  add(offset: number, code: FaultCode, path: string, text: string): void {
    this.#faults.push({ offset, code, path, text });
  }

  /**
   * A fault of the YAML itself. What else is said about its line would be a consequence of it. `truncates`:
   * what follows may have been lost, so that nothing can be called missing.
   */
  addSyntax(offset: number, text: string, truncates: boolean): void {
    this.add(offset, 'yaml-syntax', '', text);
    this.#brokenLines.add(this.lineOf(offset));
    if (truncates) this.#isTruncated = true;
  }

  /** Marks a stretch of the file that no Problem may show. */
  hide(range: Range): void {
    this.#secrets.push(range);
  }

  /** 1-based. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  placeOf(offset: number): Place {
    const line = this.lineOf(offset);
    return { file: this.#file, line, column: offset - (this.#lineStarts[line - 1] ?? 0) + 1 };
  }

  problems(): Problem[] {
    const once = new Map<string, Fault>();
    for (const fault of this.#faults) {
      const key = `${fault.offset} ${fault.code} ${fault.text}`;
      if (!once.has(key) && !this.#isConsequence(fault)) once.set(key, fault);
    }
    const sorted = [...once.values()].sort((a, b) => a.offset - b.offset);
    this.#secrets.sort((a, b) => a.start - b.start);
    const problems = sorted.slice(0, maxProblems).map((fault) => this.#problem(fault));
    if (sorted.length > maxProblems) {
      const message = `there are ${sorted.length - maxProblems} more problems, which are not shown`;
      problems.push({ file: this.#file, line: 0, column: 0, code: 'too-many-problems', message });
    }
    return problems;
  }

  #isConsequence(fault: Fault): boolean {
    if (fault.code === 'yaml-syntax' || this.#brokenLines.size === 0) return false;
    if (fault.code === 'missing-key') return true;
    if (fault.code === 'unknown-upstream' && this.#isTruncated) return true;
    return this.#brokenLines.has(this.lineOf(fault.offset));
  }

  #problem(fault: Fault): Problem {
    const { line, column } = this.placeOf(fault.offset);
    const start = this.#lineStarts[line - 1] ?? 0;
    const end = this.#lineStarts[line] ?? this.#text.length + 1;
    const written = this.#text.slice(start, end - 1).replace(/\r$/, '');
    const message = fault.path === '' ? fault.text : `${fault.path}: ${fault.text}`;
    const problem: Problem = { file: this.#file, line, column, code: fault.code, message };
    if (written.trim() !== '' && written.length <= maxLineLength)
      problem.source = maskLine(written, start, this.#secrets, this.#brokenLines.has(line));
    return problem;
  }
}
