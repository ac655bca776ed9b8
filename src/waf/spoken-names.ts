// Names in TX that rules read or write: what no rule so far speaks of may be set earlier, and nobody can tell.
import type { Rule } from './rule.ts';

const MACRO = /%\{tx\.([^}"]+)/gi;

export class SpokenNames {
  readonly #names = new Set<string>();
  #isAny = false;

  add({ links, disruptive }: Rule): void {
    for (const [, name] of JSON.stringify([links, disruptive]).matchAll(MACRO))
      this.#names.add(String(name).toLowerCase());
    for (const { targets, effects } of links) {
      for (const { variable, selector } of targets) {
        if (variable !== 'TX') continue;
        if (selector?.kind === 'name') this.#names.add(selector.name);
        else this.#isAny = true;
      }
      for (const effect of effects) {
        if (effect.kind !== 'setvar' || effect.collection !== 'tx') continue;
        if (effect.name.includes('%{')) this.#isAny = true;
        else this.#names.add(effect.name);
      }
    }
  }

  has(name: string): boolean {
    return this.#isAny || this.#names.has(name);
  }
}
