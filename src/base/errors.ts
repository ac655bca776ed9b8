// The two ways something goes wrong: a failure while running (GatehouseError) and a fault in
// something the operator wrote (Problem). Neither ever carries a secret.

/** Which party a failure is blamed on; it decides the status class the client sees. */
export type Side = 'client' | 'upstream' | 'gateway';

/** Stable codes: they appear in access records (`error`) and never change their meaning. */
export type ErrorCode =
  | 'acme_failed'
  | 'bad_request'
  | 'body_too_large'
  | 'client_closed'
  | 'client_timeout'
  | 'config_invalid'
  | 'certificate_invalid'
  | 'dns_lookup_failed'
  | 'dns_not_visible'
  | 'dns_provider_failed'
  | 'internal'
  | 'listen_failed'
  | 'overloaded'
  | 'request_refused'
  | 'storage_failed'
  | 'upstream_busy'
  | 'upstream_closed'
  | 'upstream_connect'
  | 'upstream_protocol'
  | 'upstream_timeout';

export interface ErrorOptions {
  /** HTTP status that the client gets when nothing has been sent yet. */
  status?: number;
  /** True when the same request may be sent again without risk of doing its work twice. */
  retry?: boolean;
  cause?: unknown;
}

/** A failure while running. The message is for the operator's log, never for the client. */
export class GatehouseError extends Error {
  readonly code: ErrorCode;
  readonly side: Side;
  readonly status: number;
  readonly retry: boolean;

  constructor(code: ErrorCode, side: Side, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatehouseError';
    this.code = code;
    this.side = side;
    this.status = options.status ?? (side === 'client' ? 400 : side === 'upstream' ? 502 : 500);
    this.retry = options.retry ?? false;
  }
}

/** A fault in a file that the operator wrote. Loading collects all of them; it never stops at the first. */
export interface Problem {
  /** Path as the operator gave it; `<command line>` for what came from an option. */
  file: string;
  /** 1-based; 0 when the fault belongs to the file as a whole. */
  line: number;
  /** 1-based; 0 when the fault belongs to the file as a whole. */
  column: number;
  /** Stable, kebab-case: `unknown-key`, `not-available`, `yaml-syntax` … */
  code: string;
  /** What is wrong and what to do, as one sentence. Values that came from the environment or a secret file are never in it. */
  message: string;
  /** The line of the file, as written (secrets masked); absent when there is none to show. */
  source?: string;
}

/** Thrown where a caller asked for a whole file and the file has faults; carries every one of them. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ProblemsError';
    this.problems = problems;
  }
}

/** `file:line:column: message`, then the line shown with a caret under the column. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const head = `${place}: ${printable(problem.message)} [${problem.code}]`;
  if (problem.source === undefined) return head;
  const gutter = `${problem.line} | `;
  const caretAt = ' '.repeat(gutter.length + Math.max(0, problem.column - 1));
  return `${head}\n  ${gutter}${printable(problem.source)}\n  ${caretAt}^`;
}

/** A file that is no text must not steer the terminal that its faults are shown on. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '\u{fffd}');
}
