// Which patterns share an automaton where the one for all of them may not grow. Small ones that are asked of the same
// values do, a few at a time. A large one would multiply the states of others, but for those that begin as it does: they
// go through the same states side by side, and one automaton of them needs a fraction of what each by itself would.
import type { FollowTable } from './follow.ts';

/** A pattern with so many NFA states is large. */
const LARGE_STATES = 200;
/** Bytes from its beginning by which large patterns are compared. */
const BEGINNING_BYTES = 6;
/** Two begin alike when they have this share of what either looks for there in common. */
const ALIKE = 0.6;
/** More in one automaton make each of its steps dear. */
const MOST_ALIKE = 8;

export interface Grouping {
  readonly follow: FollowTable;
  /** Small patterns in a group. */
  readonly size: number;
  /** By pattern a label: only those with the same one share a group. */
  readonly labels: readonly string[];
}

export interface Group {
  readonly patterns: readonly number[];
  /** Its patterns are large and begin alike. */
  readonly isAlike: boolean;
}

interface OpenGroup {
  readonly patterns: number[];
  readonly label: string;
  /** Of the first one, if it is large. */
  readonly beginning: ReadonlySet<number> | undefined;
}

/** Each of the patterns is in one group. */
export function groupsOf(patterns: readonly number[], { follow, size, labels }: Grouping): Group[] {
  const { op, pattern, starts } = follow.nfa;
  const states = new Int32Array(starts.length);
  for (let state = 0; state < op.length; state++) states[pattern[state]!]!++;
  const groups: OpenGroup[] = [];
  for (const own of patterns) {
    const label = labels[own] ?? '';
    const beginning = size > 1 && states[own]! >= LARGE_STATES ? beginningOf(follow, own) : undefined;
    const most = beginning === undefined ? size : MOST_ALIKE;
    const group = groups.find(
      (one) => one.patterns.length < most && one.label === label && isAlike(one.beginning, beginning),
    );
    if (group !== undefined) group.patterns.push(own);
    else groups.push({ patterns: [own], label, beginning });
  }
  return groups.map(({ patterns: own, beginning }) => ({ patterns: own, isAlike: beginning !== undefined }));
}

function isAlike(one: ReadonlySet<number> | undefined, other: ReadonlySet<number> | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  let common = 0;
  for (const place of one) if (other.has(place)) common++;
  return common >= ALIKE * (one.size + other.size - common);
}

/** The sets of bytes that a pattern looks for, each with its distance from the beginning. */
function beginningOf(follow: FollowTable, pattern: number): Set<number> {
  const { columns } = follow.alphabet;
  const places = new Set<number>();
  const seen = new Set<number>();
  let front = [follow.nfa.starts[pattern]!];
  for (let distance = 0; distance < BEGINNING_BYTES; distance++) {
    const next: number[] = [];
    for (const state of front) {
      if (seen.has(state)) continue;
      seen.add(state);
      if (follow.from[state] === -1) follow.expand(state);
      for (let entry = follow.from[state]!; entry < follow.to[state]!; entry++) {
        places.add((follow.cells[entry]! / columns) * BEGINNING_BYTES + distance);
        next.push(follow.next[entry]!);
      }
    }
    front = next;
  }
  return places;
}
