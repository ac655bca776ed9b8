// Forms of near-misses that no rule matches: whatever the engine spares itself once a body is refused, it has to read
// these to their end. Which texts those are only the engine knows.
import { sampleMatch } from './near-misses.ts';
import { parsePattern } from './pattern-tree.ts';
import type { RuleTexts } from './rule-texts.ts';
import type { Side } from './side.ts';
import { Writer } from './words.ts';
import type { WorstInput } from './worst-inputs.ts';
import { placeFields } from './worst-places.ts';

const SEED = 5;
/** Fields of a form, and how many quiet texts of one piece each make up one. */
const SHAPES: readonly (readonly [fields: number, pieces: number])[] = [
  [2_000, 1],
  [600, 3],
];
const PIECE_BYTES = 48;
/** As often as a text is wanted, one is tried: most of several pieces match something. */
const TRIES = 4;

/** `check` runs each of some inputs once on the engine. */
export async function quietInputs(
  { patterns }: RuleTexts,
  check: (inputs: readonly WorstInput[]) => ReturnType<Side['check']>,
): Promise<WorstInput[]> {
  const writer = new Writer(SEED);
  const trees = patterns.map(({ pattern }) => parsePattern(pattern));
  const nearMiss = (): string => {
    let text = '';
    while (text.length < PIECE_BYTES) text += sampleMatch(writer.of(trees), writer).slice(0, -1);
    return text.slice(0, PIECE_BYTES);
  };
  const inputs: WorstInput[] = [];
  let known: string[] = [];
  for (const [count, pieces] of SHAPES) {
    const make = (): string =>
      Array.from({ length: pieces }, () => (pieces === 1 ? nearMiss() : writer.of(known))).join('');
    const texts = Array.from({ length: count * TRIES }, make);
    const checked = await check(texts.map((text) => inputOf([text])));
    const quiet = texts.filter((_, at) => checked[at]?.hits.length === 0);
    if (known.length === 0) known = quiet;
    if (quiet.length > 0) inputs.push(inputOf(quiet.slice(0, count)));
  }
  return inputs;
}

function inputOf(texts: readonly string[]): WorstInput {
  const kind = `near-misses that match nothing, ${texts.length} fields`;
  return { kind, place: 'whole', request: placeFields(texts) };
}
