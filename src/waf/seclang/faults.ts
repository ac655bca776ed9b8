// Collects what is wrong with rule files, and what is only worth saying, each with its place.

import type { Problem } from '../../base/errors.ts';
import type { Source } from '../rule.ts';
import type { LogicalLine, Span } from './span.ts';
import { fromBytes, placeOf } from './span.ts';

/** Stable codes of what can be wrong with a rule file. */
export type FaultCode =
  | 'bad-chain'
  | 'bad-include'
  | 'bad-value'
  | 'duplicate-id'
  | 'missing-id'
  | 'not-available'
  | 'seclang-syntax'
  | 'too-many-problems'
  | 'too-much'
  | 'unknown-action'
  | 'unknown-control'
  | 'unknown-directive'
  | 'unknown-marker'
  | 'unknown-operator'
  | 'unknown-transformation'
  | 'unknown-variable'
  | 'unreadable-file';

/** Stable codes of what is accepted and has no effect. */
export type NoticeCode = 'empty-include' | 'governed-elsewhere' | 'no-effect';

/** Nobody reads more; the rest is counted. */
const maxProblems = 1000;
/** A longer line, as of a pattern that a program wrote, is not shown. */
const maxSourceLength = 400;

interface Fault {
  readonly problem: Problem;
  /** The directive it was found in; absent: it belongs to a file as a whole. */
  readonly line?: LogicalLine;
}

export class Faults {
  #faults: Fault[] = [];
  readonly #notices: Problem[] = [];
  #problemCount = 0;

  /** A fault at a place in a rule file. The message is one sentence; byte strings in it are shown as text. */
  add(span: Span, code: FaultCode, message: string): void {
    this.#problemCount += 1;
    if (this.#faults.length >= maxProblems) return;
    this.#faults.push({ problem: problemAt(span, code, message), line: span.line });
  }

  /** A fault of a file as a whole, or of the list of files. */
  addToFile(file: string, code: FaultCode, message: string): void {
    this.#problemCount += 1;
    if (this.#faults.length < maxProblems) this.#faults.push({ problem: { file, line: 0, column: 0, code, message } });
  }

  /** A fault of a rule of another notation, of which the line is known. */
  addAtLine({ file, line }: Source, code: FaultCode, message: string): void {
    this.#problemCount += 1;
    if (this.#faults.length < maxProblems) this.#faults.push({ problem: { file, line, column: 1, code, message } });
  }

  /** Something that is accepted and does nothing here, with the reason. */
  note(span: Span, code: NoticeCode, message: string): void {
    if (this.#notices.length < maxProblems) this.#notices.push(problemAt(span, code, message));
  }

  /** What is not available in rules that were taken out again is no fault any more, only worth saying. */
  excuse(lines: ReadonlySet<LogicalLine>): void {
    const kept: Fault[] = [];
    for (const fault of this.#faults) {
      const { problem, line } = fault;
      if (problem.code === 'not-available' && line !== undefined && lines.has(line)) {
        this.#problemCount -= 1;
        if (this.#notices.length < maxProblems) this.#notices.push({ ...problem, code: 'no-effect' });
      } else kept.push(fault);
    }
    this.#faults = kept;
  }

  /** Every fault in the order it was found; when there were more than anyone reads, the last one says how many. */
  problems(): Problem[] {
    const problems = this.#faults.map(({ problem }) => problem);
    const more = this.#problemCount - problems.length;
    const last = problems.at(-1);
    if (more === 0 || last === undefined) return problems;
    const message = `${more} more problems are not shown`;
    return [...problems, { file: last.file, line: 0, column: 0, code: 'too-many-problems', message }];
  }

  notices(): Problem[] {
    return [...this.#notices];
  }
}

function problemAt(span: Span, code: string, message: string): Problem {
  const { line, column, source } = placeOf(span);
  const problem: Problem = { file: span.line.file, line, column, code, message: fromBytes(message) };
  return source.length > maxSourceLength ? problem : { ...problem, source };
}
