// What the response parser says about some bytes, as plain data to compare: the same whatever the
// pieces they came in.
import type { GatehouseError } from '../../../src/base/errors.ts';
import { PARSER_LIMITS, type ParserLimits } from '../../../src/upstream/http1/limits.ts';
import {
  DATA,
  END,
  FAILED,
  HEAD,
  INFORMATIONAL,
  MORE,
  ResponseParser,
  UPGRADED,
} from '../../../src/upstream/http1/response-parser.ts';

export interface Outcome {
  interim: { status: number; headers: string[] }[];
  status: number | undefined;
  headers: string[];
  body: string;
  trailers: readonly string[];
  isKeptAlive: boolean;
  /** complete; open: wants more; upgraded; or the code of the failure. */
  end: string;
  /** Bytes that no answer owns. */
  rest: string;
}

export interface ParseOptions {
  method?: string;
  mayUpgrade?: boolean;
  limits?: Partial<ParserLimits>;
  /** The connection ends after the bytes. */
  isClosed?: boolean;
}

/** Feeds the pieces in order to a parser and tells what came of it. */
export function parse(pieces: readonly Buffer[], options: ParseOptions = {}): Outcome {
  const parser = new ResponseParser({ ...PARSER_LIMITS, ...options.limits });
  parser.begin(options.method ?? 'GET', options.mayUpgrade ?? false);
  const outcome: Outcome = {
    interim: [],
    status: undefined,
    headers: [],
    body: '',
    trailers: [],
    isKeptAlive: false,
    end: 'open',
    rest: '',
  };
  for (const [i, piece] of pieces.entries()) {
    parser.feed(piece);
    readAll(parser, outcome);
    if (outcome.end === 'open') continue;
    // A failure has no rest; where it is noticed depends on the pieces.
    if (outcome.end !== 'complete' && outcome.end !== 'upgraded') return outcome;
    outcome.rest = Buffer.concat([parser.rest, ...pieces.slice(i + 1)]).toString('latin1');
    return outcome;
  }
  if (options.isClosed === true) note(parser, parser.finish(), outcome);
  return outcome;
}

function readAll(parser: ResponseParser, outcome: Outcome): void {
  while (outcome.end === 'open') {
    const event = parser.next();
    if (event === MORE) return;
    note(parser, event, outcome);
  }
}

function note(parser: ResponseParser, event: number, outcome: Outcome): void {
  const { status, headers, isKeptAlive } = parser.head;
  if (event === INFORMATIONAL) outcome.interim.push({ status, headers });
  if (event === HEAD || event === UPGRADED) Object.assign(outcome, { status, headers, isKeptAlive });
  if (event === DATA) outcome.body += parser.input.toString('latin1', parser.from, parser.to);
  if (event === END) Object.assign(outcome, { trailers: parser.trailers, end: 'complete' });
  if (event === UPGRADED) outcome.end = 'upgraded';
  if (event === FAILED) outcome.end = (parser.error as GatehouseError).code;
}

/** The bytes one at a time. */
export function single(input: Buffer): Buffer[] {
  return Array.from(input, (_, i) => input.subarray(i, i + 1));
}
