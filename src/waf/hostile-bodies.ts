// Forms that ask as much of the engine as it can be asked: near-misses of its own patterns and noise, in values of many
// lengths. The same at every start.
import type { Node } from './pattern/node.ts';
import { type Random, sampleOf } from './pattern/sample.ts';

/** How many fields, and how long each. */
type Shape = readonly [fields: number, bytes: number];

/** Short ones first, so that no turn is long while nothing is compiled yet. */
export const FIRST_SHAPES: readonly Shape[] = [
  [8, 50],
  [1, 1_000],
  [1, 2_000],
];
/** With these a process is some 15 MiB larger: automata have made states for such texts. More of them gain next to nothing. */
export const LATER_SHAPES: readonly Shape[] = [
  [30, 50],
  [1, 4_000],
  [100, 50],
  [1, 8_000],
  [200, 50],
];
/** One character of so many is cut off behind a match, so that it is none. */
const NOISE_EVERY = 4;

/** Stops behind each. */
export function* hostileBodies(patterns: readonly Node[], shapes: readonly Shape[]): Generator<string, void> {
  const random = randomBelow();
  for (const [fields, bytes] of shapes) {
    for (const next of [() => nearMiss(patterns, random), () => noise(random)]) {
      yield Array.from({ length: fields }, (_, i) => `${i}=${encodeURIComponent(textOf(next, bytes))}`).join('&');
    }
  }
}

function textOf(next: () => string, bytes: number): string {
  let text = '';
  while (text.length < bytes) text += next();
  return text.slice(0, bytes);
}

/** A match without its last character, now and then with it. */
function nearMiss(patterns: readonly Node[], random: Random): string {
  const pattern = patterns[random(patterns.length)];
  if (pattern === undefined) return noise(random);
  const match = sampleOf(pattern, random);
  return random(NOISE_EVERY) === 0 ? match : match.slice(0, -1);
}

function noise(random: Random): string {
  return String.fromCharCode(0x20 + random(95));
}

function randomBelow(): Random {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
