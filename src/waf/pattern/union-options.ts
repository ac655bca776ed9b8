// What the automata of many patterns may take: states, bytes, and new ones for each request.

export interface UnionOptions {
  /** Most states the automaton of all patterns keeps. */
  readonly maxStates?: number;
  /** Most states kept by the automaton of a group. */
  readonly maxGroupStates?: number;
  /** Most states kept by the automaton of one pattern. */
  readonly maxSingleStates?: number;
  /** New states of the automaton of all patterns that one request may cause. */
  readonly newStates?: number;
  /** New states that one request may cause in all automata of groups together. */
  readonly newGroupStates?: number;
  /** New states that one request may cause in all automata of single patterns together. */
  readonly newSingleStates?: number;
  /** Most bytes that groups and single patterns keep together; beyond, the next request begins without them. */
  readonly maxPartBytes?: number;
  /** Patterns in a group. */
  readonly groupSize?: number;
  /** By pattern a label: those that are asked of the same values have the same one, and share groups. */
  readonly askedWith?: readonly string[];
  /** Shortest time between two drops of all states of an automaton. */
  readonly resetIntervalMs?: number;
  readonly now?: () => number;
}

const DEFAULT_MAX_STATES = 24000;
const DEFAULT_NEW_STATES = 512;
const DEFAULT_MAX_GROUP_STATES = 20_000;
/** Some patterns of the Core Rule Set need 6,000; to go on without states costs a hundred times as much. */
const DEFAULT_MAX_SINGLE_STATES = 12_000;
const DEFAULT_NEW_GROUP_STATES = 8_192;
const DEFAULT_NEW_SINGLE_STATES = 16_384;
const DEFAULT_MAX_PART_BYTES = 24 * 1024 * 1024;
const DEFAULT_GROUP_SIZE = 8;
const DEFAULT_RESET_INTERVAL_MS = 1_000;

export const DEFAULTS: Required<UnionOptions> = {
  maxStates: DEFAULT_MAX_STATES,
  maxGroupStates: DEFAULT_MAX_GROUP_STATES,
  maxSingleStates: DEFAULT_MAX_SINGLE_STATES,
  newStates: DEFAULT_NEW_STATES,
  newGroupStates: DEFAULT_NEW_GROUP_STATES,
  newSingleStates: DEFAULT_NEW_SINGLE_STATES,
  maxPartBytes: DEFAULT_MAX_PART_BYTES,
  groupSize: DEFAULT_GROUP_SIZE,
  askedWith: [],
  resetIntervalMs: DEFAULT_RESET_INTERVAL_MS,
  now: () => performance.now(),
};
