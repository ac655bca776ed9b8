// What every match of a pattern holds somewhere: one of a few short runs of bytes, each byte one of a set. A text that
// has none of them need not be read for the pattern.
import type { ByteSet } from './byte-set.ts';
import type { Node } from './node.ts';

/** Bytes that follow one another, each one of a set. */
export type Run = readonly ByteSet[];

/** The length of a run that is looked for: of longer ones the most telling part is. */
export const RUN_BYTES = 3;
/** Runs that stand for one part of a pattern. */
const MAX_RUNS = 128;
/** Runs that are looked for in place of one pattern. */
const MAX_REQUIRED = 1_024;
const MAX_LENGTH = 8;

interface Known {
  /** All that the part can match; undefined: too much to be listed. */
  readonly all: readonly Run[] | undefined;
  /** One of these is in every match; undefined: none are known. */
  readonly required: readonly Run[] | undefined;
}

const EMPTY: Run = [];
const NOTHING: Known = { all: undefined, required: undefined };

/** Runs of RUN_BYTES of which each match holds one; undefined: nothing telling is known. */
export function runsOf(node: Node): Run[] | undefined {
  const { all, required } = knownOf(node);
  return better(required, listed(all))?.map(mostTelling);
}

function knownOf(node: Node): Known {
  switch (node.kind) {
    case 'bytes':
      return { all: [[node.set]], required: undefined };
    case 'assert':
      return { all: [EMPTY], required: undefined };
    case 'group':
      return knownOf(node.node);
    case 'sequence':
      return knownOfSequence(node.nodes.map(knownOf));
    case 'choice':
      return knownOfChoice(node.nodes.map(knownOf));
    case 'repeat': {
      const { min, max } = node;
      if (max === 0) return { all: [EMPTY], required: undefined };
      const inner = knownOf(node.node);
      if (min === 0) return max === 1 && inner.all ? { all: [EMPTY, ...inner.all], required: undefined } : NOTHING;
      const first = knownOfSequence(Array.from({ length: Math.min(min, MAX_LENGTH) }, () => inner));
      return min === max && min <= MAX_LENGTH ? first : { all: undefined, required: requiredOf(first) };
    }
  }
}

function knownOfSequence(parts: readonly Known[]): Known {
  let required: readonly Run[] | undefined;
  let all: readonly Run[] | undefined = [EMPTY];
  /** What has been listed since the last part that could not be. */
  let listedNow: readonly Run[] = [EMPTY];
  for (const part of parts) {
    const joined = part.all && product(listedNow, part.all);
    if (joined === undefined) {
      required = better(required, listed(listedNow));
      all = undefined;
      listedNow = part.all ?? [EMPTY];
      required = better(required, part.required);
    } else {
      listedNow = joined;
      if (all !== undefined) all = joined;
    }
  }
  return { all, required: better(required, listed(listedNow)) };
}

function knownOfChoice(branches: readonly Known[]): Known {
  const everyAll = branches.every(({ all }) => all !== undefined);
  const all = everyAll ? branches.flatMap((branch) => branch.all ?? []) : undefined;
  const each = branches.map(requiredOf);
  const required = each.every((runs) => runs !== undefined) ? each.flat() : undefined;
  return {
    all: all !== undefined && all.length <= MAX_RUNS ? all : undefined,
    required: required !== undefined && required.length <= MAX_REQUIRED ? required : undefined,
  };
}

function requiredOf({ all, required }: Known): readonly Run[] | undefined {
  return better(required, listed(all));
}

/** What is listed as something that is required: the empty run says nothing. */
function listed(all: readonly Run[] | undefined): readonly Run[] | undefined {
  return all?.some(({ length }) => length === 0) === true ? undefined : all;
}

function product(before: readonly Run[], after: readonly Run[]): readonly Run[] | undefined {
  if (before.length * after.length > MAX_RUNS) return undefined;
  const joined = before.flatMap((first) => after.map((second) => [...first, ...second]));
  return joined.every(({ length }) => length <= MAX_LENGTH) ? joined : undefined;
}

function better(a: readonly Run[] | undefined, b: readonly Run[] | undefined): readonly Run[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return chanceOf(b) < chanceOf(a) ? b : a;
}

/** How often one of the runs is found, roughly: what a text at random has at one place. */
export function chanceOf(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + chance(mostTelling(run)), 0);
}

function chance(run: Run): number {
  return run.reduce((product, set) => (product * Math.max(set.size, 2)) / 128, 1);
}

function mostTelling(run: Run): Run {
  if (run.length <= RUN_BYTES) return run;
  let best = run.slice(0, RUN_BYTES);
  for (let from = 1; from + RUN_BYTES <= run.length; from++) {
    const own = run.slice(from, from + RUN_BYTES);
    if (chance(own) < chance(best)) best = own;
  }
  return best;
}
