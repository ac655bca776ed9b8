// The chains of transformations of many rules as one tree: what two chains have in common at their beginning is done once.
import { ALWAYS, type Presence } from './presence.ts';
import type { Node } from './scanner.ts';
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

/** Whether some step of the chain makes letters small. */
export function foldsCase(chain: readonly Transform[]): boolean {
  return chain.some(({ name }) => name === 'lowercase' || name === 'cmdline');
}

export class ChainTree {
  readonly #presence: Presence;
  readonly #places = new Map<string, number>();
  readonly nodes: Node[] = [];

  constructor(presence: Presence, root: Transform) {
    this.#presence = presence;
    this.nodes.push({ parent: 0, transform: root, triggers: 0 });
  }

  /** The node of a chain. `anyCase`: what is asked of the result does not depend on the case of letters. */
  node(chain: readonly Transform[], anyCase: boolean): number {
    let place = 0;
    for (const step of anyCase ? withoutCase(chain) : chain.map(plainStep)) place = this.#child(place, step);
    return place;
  }

  #child(parent: number, step: TreeStep): number {
    const key = `${parent} ${step.name}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const own = step.triggers === undefined ? ALWAYS : this.#presence.word(step.triggers);
    const triggers = (this.nodes[parent] as Node).triggers | own;
    const place = this.nodes.push({ parent, transform: step.transform, triggers }) - 1;
    this.#places.set(key, place);
    return place;
  }
}

function plainStep(transform: Transform): TreeStep {
  return { name: transform.name, transform, triggers: transform.triggers };
}

function withoutCase(chain: readonly Transform[]): TreeStep[] {
  const steps: TreeStep[] = [];
  for (const [i, transform] of chain.entries()) {
    const isRestBlind = chain.slice(i + 1).every(({ name }) => CASE_BLIND.has(name));
    if (transform.name === 'lowercase' && isRestBlind) continue;
    if (transform.name === 'cmdline' && isRestBlind) {
      const triggers = transform.triggers?.filter((byte) => !UPPER.test(String.fromCharCode(byte)));
      steps.push({ name: 'cmdline in any case', transform, triggers });
    } else {
      steps.push(plainStep(transform));
    }
  }
  return steps;
}
