// Inputs that are meant to be slow: one character repeated, noise, what the rules look for in every order, near-misses
// of every pattern, and structures with as many members as fit.

import { sampleLoops, sampleMatch } from './near-misses.ts';
import { parsePattern } from './pattern-tree.ts';
import type { BenchRequest } from './request.ts';
import type { RulePattern, RuleTexts } from './rule-texts.ts';
import { Writer } from './words.ts';
import type { Place } from './worst-places.ts';
import { form, get, json, multipart, PLACES, placeFields, placeText } from './worst-places.ts';

export interface WorstInput {
  /** For the tables; several inputs may be of one kind. */
  readonly kind: string;
  readonly place: Place | 'whole';
  readonly request: BenchRequest;
  /** The rule whose pattern it was made from. */
  readonly rule?: number;
}

const BODY_BYTES = 120 * 1024;
const TEXT_BYTES = 100 * 1024;
const SEED = 4;
/** waf.body.arguments is 2,000. */
const FIELD_COUNTS = [2_000, 60];

const UNITS: readonly (readonly [kind: string, unit: string])[] = [
  ...'-<>a0/\\.;,%&=+(){}[]\'"`$#@!|*:?~^_'.split('').map((character) => [`repeated ${character}`, character] as const),
  ['repeated space', ' '],
  ['repeated tab', '\t'],
  ['repeated line feed', '\n'],
  ['repeated zero byte', '\0'],
  ['repeated byte 0xff', '\xff'],
  ['repeated ../', '../'],
  ['repeated /*', '/*'],
  ['repeated <a', '<a '],
  ['repeated &lt;', '&lt;'],
  ['repeated &#x', '&#x'],
  ['repeated %25', '%25'],
  ['repeated %u00', '%u00'],
  ['repeated \\x', '\\x41'],
  ['repeated a=', 'a='],
  ['repeated a b', 'a b '],
  ["repeated ' or ", "' or "],
  ['repeated 1 and', '1 and '],
  ['repeated ${', '${'],
  ['repeated aA0-', 'aA0-'],
];

/** All but those made from single patterns: each kind in each place. */
export function* generalInputs({ patterns, phrases }: RuleTexts): Generator<WorstInput> {
  const writer = new Writer(SEED);
  const texts: [string, string][] = UNITS.map(([kind, unit]) => [kind, unit]);
  texts.push(['random bytes', writer.bytes(TEXT_BYTES).toString('latin1')]);
  texts.push(['random printable', noise(writer, 95, 0x20)]);
  texts.push(['random letters', noise(writer, 26, 0x61)]);
  const chosen = phrases.length > 0 ? phrases : ['select'];
  for (const separator of [' ', '', ';', '(']) texts.push(['keyword soup', soup(writer, chosen, separator)]);
  const matches = patterns.map(({ pattern }) => parsePattern(pattern)).map((tree) => () => sampleMatch(tree, writer));
  if (matches.length > 0) {
    texts.push(['near-miss soup', mixed(writer, matches, 1)]);
    texts.push(['near-miss soup', mixed(writer, matches, 2)]);
    texts.push(['match soup', mixed(writer, matches, 0)]);
  }
  for (const [kind, text] of texts) {
    for (const place of PLACES) yield { kind, place, request: placeText(text, place) };
    if (!kind.startsWith('repeated')) yield* inFields(kind, text);
  }
  yield* structures();
}

/** Of one pattern, as a field of a form: a near-miss repeated, and its loops run long, with and without an end. */
export function* patternInputs({ id, pattern }: RulePattern): Generator<WorstInput> {
  const writer = new Writer(SEED + id);
  const tree = parsePattern(pattern);
  const near = sampleMatch(tree, writer).slice(0, -1);
  if (near !== '')
    yield { kind: 'near-miss of one pattern', place: 'form', request: placeText(near, 'form'), rule: id };
  for (const { before, turn } of sampleLoops(tree, writer)) {
    const turns = turn.repeat(Math.ceil((TEXT_BYTES - before.length) / turn.length));
    const request = placeText(`${before}${turns}`.slice(0, TEXT_BYTES - 1).concat('\x01'), 'form');
    yield { kind: 'loop of one pattern', place: 'form', request, rule: id };
    yield { kind: 'loop entered again and again', place: 'form', request: again(before, turn), rule: id };
  }
}

/** The text cut into as many fields as may be, and into fewer, longer ones. */
function* inFields(kind: string, text: string): Generator<WorstInput> {
  for (const count of FIELD_COUNTS) {
    const size = Math.floor(text.length / count);
    const request = placeFields(Array.from({ length: count }, (_, at) => text.slice(at * size, (at + 1) * size)));
    yield { kind: `${kind}, ${count} fields`, place: 'whole', request };
  }
}

function again(before: string, turn: string): BenchRequest {
  return placeText(`${before}${turn.repeat(8)}`, 'form');
}

function* structures(): Generator<WorstInput> {
  const whole = (kind: string, request: BenchRequest): WorstInput => ({ kind, place: 'whole', request });
  const writer = new Writer(SEED);
  const field = (at: number): string => `${writer.id(4)}${at}=${writer.word()}+${writer.digits(3)}`;
  yield whole('1,000 fields', form(list(1000, '&', field)));
  yield whole('as many fields as fit', form(list(9000, '&', (at) => `${at.toString(36)}=${writer.below(9)}`)));
  yield whole('100 KiB of &', form('&'.repeat(TEXT_BYTES)));
  yield whole(
    'query of 1,000 arguments',
    get(`/?${list(1000, '&', (at) => `${at.toString(36)}=${writer.word()}`)}`.slice(0, 8100)),
  );
  yield whole('JSON of 1,000 strings', json(`[${list(1000, ',', () => `"${writer.label()}"`)}]`));
  yield whole('JSON of as many numbers as fit', json(`[${'1,'.repeat(BODY_BYTES / 2 - 1)}1]`));
  yield whole('JSON of as many names as fit', json(`{${list(9000, ',', (at) => `"${at.toString(36)}":1`)}}`));
  yield whole('JSON 100 deep', json(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`));
  yield whole('JSON as deep as fits', json(`${'['.repeat(BODY_BYTES / 2)}${']'.repeat(BODY_BYTES / 2)}`));
  yield whole('JSON names as deep as fits', json(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`));
  yield whole('multipart of 1,000 parts', multipart(Array.from({ length: 1000 }, () => writer.words(3))));
  yield whole(
    '90 headers',
    get(
      '/',
      Array.from({ length: 90 }, (_, at) => [`x-${at}`, writer.prose(140).trim()]),
    ),
  );
  yield whole('1,000 cookies', get('/', [['cookie', list(1000, '; ', (at) => `${at.toString(36)}=${writer.word()}`)]]));
}

function list(count: number, separator: string, member: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => member(at)).join(separator);
}

function noise(writer: Writer, letters: number, from: number): string {
  const bytes = writer.bytes(TEXT_BYTES).map((byte) => from + (byte % letters));
  return Buffer.from(bytes).toString('latin1');
}

function soup(writer: Writer, words: readonly string[], separator: string): string {
  let text = '';
  while (text.length < TEXT_BYTES) text += writer.of(words) + separator;
  return text;
}

/** Matches of all patterns, each without its last characters. */
function mixed(writer: Writer, matches: readonly (() => string)[], cut: number): string {
  let text = '';
  while (text.length < TEXT_BYTES) {
    const match = writer.of(matches)();
    text += match.slice(0, match.length - cut);
  }
  return text;
}
