// From the `match` of a rule to a call of operators.
import type { Part } from '../../config/part.ts';
import { PatternError } from '../pattern/pattern-error.ts';
import { patternOf } from '../pattern-store.ts';
import type { OperatorCall } from '../rule.ts';

/** What patterns are read with. */
export interface MatchContext {
  /** Pieces of patterns by name. */
  readonly pieces: ReadonlyMap<string, string>;
}

/** All conditions of the map as one call; faults are told at their places. */
export function readMatch(part: Part, context: MatchContext): OperatorCall {
  const calls = READERS.flatMap(([key, read]) => {
    const condition = part.at(key);
    return condition.isGiven ? read(condition, context) : [];
  });
  return joined('all', calls);
}

type Read = (part: Part, context: MatchContext) => readonly OperatorCall[];

const READERS: readonly (readonly [key: string, read: Read])[] = [
  ['pattern', (part, context) => [call('rx', patternText(part, context, '(?i)'))]],
  ['casePattern', (part, context) => [call('rx', patternText(part, context, ''))]],
  ['phrases', (part) => [{ ...call('pm', ''), lines: part.items().map(filled) }]],
  ['contains', (part) => [call('contains', filled(part))]],
  [
    'equals',
    (part) => [
      joined(
        'any',
        part.items().map((item) => call('streq', bytesOf(item))),
      ),
    ],
  ],
  ['startsWith', (part) => [call('beginswith', filled(part))]],
  ['endsWith', (part) => [call('endswith', filled(part))]],
  ['sqli', (part) => [{ ...call('detectsqli', ''), negated: !part.flag() }]],
  ['xss', (part) => [{ ...call('detectxss', ''), negated: !part.flag() }]],
  ['looks', (part) => [call('looks', part.text() ?? '')]],
  ['length', (part) => [call('length', bounds(part))]],
  ['number', (part) => numberCalls(part)],
  ['ip', (part) => [call('ipmatch', part.items().map(bytesOf).join(','))]],
  ['count', (part, context) => [countCall(part, context)]],
  ['all', (part, context) => part.items().map((item) => readMatch(item, context))],
  [
    'any',
    (part, context) => [
      joined(
        'any',
        part.items().map((item) => readMatch(item, context)),
      ),
    ],
  ],
  ['not', (part, context) => [negated(readMatch(part, context))]],
];

function call(name: string, argument: string): OperatorCall {
  return { name, negated: false, argument };
}

function negated(inner: OperatorCall): OperatorCall {
  return { ...inner, negated: !inner.negated };
}

function joined(name: 'all' | 'any', calls: readonly OperatorCall[]): OperatorCall {
  const [only] = calls;
  return calls.length === 1 && only !== undefined ? only : { ...call(name, ''), calls };
}

/** Everything inspected is a string of bytes. */
export function bytesOf(part: Part): string {
  return Buffer.from(part.text() ?? '', 'utf8').toString('latin1');
}

const PIECE = /\{\{([a-z][a-z0-9-]*)\}\}/g;

function patternText(part: Part, { pieces }: MatchContext, prefix: string): string {
  const text = prefix + fillPieces(bytesOf(part), pieces, part);
  const fault = faultOf(text, prefix.length);
  if (fault !== undefined) part.fault('bad-value', `this pattern cannot be used: ${fault}`);
  return text;
}

/** Why a pattern cannot be used; undefined: it can. What an automaton cannot decide is not for native rules. */
function faultOf(text: string, before: number): string | undefined {
  try {
    return patternOf(text).isExact
      ? undefined
      : 'lookaround, atomic groups and references have no place in these rules';
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return `${error.message} (at character ${error.offset + 1 - before} of it)`;
  }
}

/** `{{name}}` becomes what stands for it, in a group of its own. */
export function fillPieces(text: string, pieces: ReadonlyMap<string, string>, part: Part): string {
  return text.replace(PIECE, (whole, name: string) => {
    const piece = pieces.get(name);
    if (piece === undefined) part.fault('bad-reference', `there is no piece ${name} under patterns, above`);
    return piece === undefined ? whole : `(?:${piece})`;
  });
}

function countCall(part: Part, context: MatchContext): OperatorCall {
  const pattern = patternText(part.at('pattern'), context, '(?i)');
  return call('count', `${part.at('atLeast').number()} ${pattern}`);
}

/** An empty text stands in every value. */
function filled(part: Part): string {
  const text = bytesOf(part);
  if (text === '') part.fault('bad-value', 'an empty text is found in everything; write what to look for');
  return text;
}

function checkBounds(part: Part): void {
  const [least, most] = [part.at('atLeast'), part.at('atMost')];
  if (least.isGiven && most.isGiven && least.number() > most.number()) {
    part.fault('bad-value', 'atLeast is more than atMost: no value is like that');
  }
}

function bounds(part: Part): string {
  checkBounds(part);
  const [least, most] = [part.at('atLeast'), part.at('atMost')];
  return `${least.isGiven ? least.number() : 0} ${most.isGiven ? most.number() : ''}`;
}

function numberCalls(part: Part): OperatorCall[] {
  checkBounds(part);
  const names = [
    ['atLeast', 'ge'],
    ['atMost', 'le'],
  ] as const;
  return names.flatMap(([key, name]) => (part.at(key).isGiven ? [call(name, String(part.at(key).number()))] : []));
}
