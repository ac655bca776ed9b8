// The chains of transformations of many rules as one tree: what two chains have in common at their beginning is done once.
import { ALWAYS, type Presence } from './presence.ts';
import { ANYTHING, type Node } from './texts.ts';
import type { Transform } from './transforms/registry.ts';

/** Steps that do the same to a text whatever the case of its letters: `lowercase` before them can be left out. */
const CASE_BLIND = new Set([
  'cmdline',
  'compresswhitespace',
  'lowercase',
  'normalizepath',
  'normalizepathwin',
  'removecomments',
  'removecommentschar',
  'removenulls',
  'removewhitespace',
  'replacecomments',
  'replacenulls',
  'trim',
  'trimleft',
  'trimright',
]);

const UPPER = /[A-Z]/;

interface TreeStep {
  readonly name: string;
  readonly transform: Transform;
  /** undefined: it cannot be told. */
  readonly triggers: readonly number[] | undefined;
}

/**
 * What becomes of the case of letters in a chain. `lower`: the result has no capitals, so a pattern's pre-image under
 * lower-casing says the same of the text before. `mixed`: a later step may bring capitals back. `kept`: nothing.
 */
export type CaseChange = 'lower' | 'mixed' | 'kept';

export function caseChange(chain: readonly Transform[]): CaseChange {
  const last = chain.findLastIndex(({ name }) => name === 'lowercase' || name === 'cmdline');
  if (last === -1) return 'kept';
  return chain.slice(last).every(({ name }) => CASE_BLIND.has(name)) ? 'lower' : 'mixed';
}

export class ChainTree {
  readonly #presence: Presence;
  readonly #places = new Map<string, number>();
  readonly nodes: Node[] = [];

  constructor(presence: Presence, root: Transform) {
    this.#presence = presence;
    this.nodes.push({ parent: 0, transform: root, triggers: 0, adds: 0 });
  }

  /** The node of a chain. `anyCase`: what is asked of the result does not depend on the case of letters. */
  node(chain: readonly Transform[], anyCase: boolean): number {
    let place = 0;
    for (const step of anyCase ? stepsWithoutCase(chain) : chain.map(plainStep)) place = this.#child(place, step);
    return place;
  }

  #child(parent: number, step: TreeStep): number {
    const key = `${parent} ${step.name}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const { transform } = step;
    const triggers = step.triggers === undefined ? ALWAYS : this.#presence.word(step.triggers);
    const adds = transform.adds === 'any' ? ANYTHING : this.#presence.word(transform.adds);
    const place = this.nodes.push({ parent, transform, triggers, adds }) - 1;
    this.#places.set(key, place);
    return place;
  }
}

function plainStep(transform: Transform): TreeStep {
  return { name: transform.name, transform, triggers: transform.triggers };
}

const known = new WeakMap<readonly Transform[], TreeStep[]>();

/** The same chains have a place in the trees of many kinds of values. */
function stepsWithoutCase(chain: readonly Transform[]): readonly TreeStep[] {
  let steps = known.get(chain);
  if (steps === undefined) {
    steps = withoutCase(chain);
    known.set(chain, steps);
  }
  return steps;
}

/**
 * The chain for a question that does not depend on case. `lowercase` goes where the rest does the same without it; where
 * decoders follow, it is needed only when they find something to decode (`%U0041` is an escape once it is `%u0041`).
 */
function withoutCase(chain: readonly Transform[]): TreeStep[] {
  const steps: TreeStep[] = [];
  for (const [i, transform] of chain.entries()) {
    const rest = chain.slice(i + 1);
    const isRestBlind = rest.every(({ name }) => CASE_BLIND.has(name));
    if (transform.name === 'lowercase') {
      if (isRestBlind) continue;
      const triggers = triggersOf(rest.filter(({ name }) => !CASE_BLIND.has(name)));
      steps.push({ name: `lowercase before ${rest.map(({ name }) => name).join()}`, transform, triggers });
    } else if (transform.name === 'cmdline' && isRestBlind) {
      const triggers = transform.triggers?.filter((byte) => !UPPER.test(String.fromCharCode(byte)));
      steps.push({ name: 'cmdline in any case', transform, triggers });
    } else {
      steps.push(plainStep(transform));
    }
  }
  return steps;
}

function triggersOf(chain: readonly Transform[]): readonly number[] | undefined {
  if (chain.some(({ triggers }) => triggers === undefined)) return undefined;
  return chain.flatMap(({ triggers }) => triggers ?? []);
}
