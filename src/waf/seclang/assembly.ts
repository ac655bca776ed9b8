// Directives in the order of the files to rules: keeps what is open (a chain), what is in force (default actions),
// and what is to be applied once everything is read (removals and updates).

import type {
  EngineSettings,
  Exclusion,
  Marker,
  OperatorCall,
  Phase,
  Rule,
  RuleSelector,
  Source,
  Target,
} from '../rule.ts';
import type { Action } from './actions.ts';
import type { Reading } from './known.ts';
import type { Span } from './span.ts';
import { placeOf } from './span.ts';

/** A condition as read, its actions not yet worked in. */
export interface LinkDraft {
  readonly at: Span;
  readonly source: Source;
  readonly targets: readonly Target[];
  readonly exclusions: readonly Exclusion[];
  readonly operator: OperatorCall;
  readonly actions: readonly Action[];
}

export interface RuleDraft {
  readonly kind: 'draft';
  readonly id: number;
  readonly phase: Phase;
  /** The default actions of its phase, as they were where the rule stands. */
  readonly defaults: readonly Action[];
  /** The first one is the head. */
  readonly links: LinkDraft[];
}

/** What changes rules that may stand anywhere in the set. */
export type Update =
  | { readonly kind: 'remove'; readonly at: Span; readonly rules: RuleSelector }
  | {
      readonly kind: 'targets';
      readonly at: Span;
      readonly rules: RuleSelector;
      readonly targets: readonly Target[];
      readonly exclusions: readonly Exclusion[];
      /** The old form: these targets take the place of this one. */
      readonly replaced?: Target;
    }
  | {
      readonly kind: 'actions';
      readonly at: Span;
      readonly id: number;
      readonly link: number;
      readonly actions: readonly Action[];
    };

/** Settings while they are being read. */
export type OpenSettings = { -readonly [Key in keyof EngineSettings]: EngineSettings[Key] };

/** What belongs to a whole rule, and so stands in the head of a chain. */
const headOnly: ReadonlySet<string> = new Set(
  'accuracy allow block deny drop id maturity pass phase redirect rev severity skip skipafter ver'.split(' '),
);
/** What would change nothing in a link that is not the head. */
const idleInLink: ReadonlySet<string> = new Set(['auditlog', 'log', 'noauditlog', 'nolog', 'status', 'tag']);

/** More rules, or more updates of them, come from a mistake: CRS has 700 and 60. */
const maxItems = 50_000;
const maxUpdates = 10_000;

export class Assembly {
  readonly items: (RuleDraft | Rule | Marker)[] = [];
  readonly updates: Update[] = [];
  readonly settings: OpenSettings = {};
  readonly components: string[] = [];
  readonly reading: Reading;
  readonly #defaults = new Map<Phase, readonly Action[]>();
  readonly #placeOfId = new Map<number, Source>();
  /** The chain whose next link is awaited. */
  #open: RuleDraft | undefined;

  readonly #prelude: string | undefined;

  /** `prelude`: the file whose rules may be replaced by their number. */
  constructor(reading: Reading, prelude?: string) {
    this.reading = reading;
    this.#prelude = prelude;
  }

  get isInChain(): boolean {
    return this.#open !== undefined;
  }

  /** Adds a link to the chain that is open, or begins a rule. */
  addLink(link: LinkDraft): void {
    const isChained = link.actions.some(({ fields }) => fields.chain === true);
    const rule = this.#open ?? this.#begin(link);
    if (this.#open !== undefined) {
      this.#checkLink(link, rule.links[0]?.actions ?? []);
      rule.links.push(link);
    }
    this.#open = isChained ? rule : undefined;
  }

  addMarker(name: Span, at: Span): void {
    this.endChain();
    this.#add({ kind: 'marker', name: name.text, source: sourceOf(at) }, at);
  }

  /** Rules of another notation, complete as they are. */
  addComplete(items: readonly (Rule | Marker)[]): void {
    const { faults } = this.reading;
    for (const item of items) {
      const { file } = item.source;
      const first = item.kind === 'rule' && item.id !== 0 ? this.#placeOfId.get(item.id) : undefined;
      if (item.kind === 'rule' && first !== undefined) {
        const message = `the id ${item.id} is already taken by the rule in ${first.file}, line ${first.line}`;
        faults.addAtLine(item.source, 'duplicate-id', message);
      } else if (item.kind === 'rule' && item.id !== 0) this.#placeOfId.set(item.id, item.source);
      if (this.items.length < maxItems) this.items.push(item);
      else faults.addToFile(file, 'too-much', `there are more than ${maxItems} rules and markers`);
    }
  }

  addUpdate(update: Update): void {
    if (this.updates.length < maxUpdates) this.updates.push(update);
    else
      this.reading.faults.add(update.at, 'too-much', `there are more than ${maxUpdates} removals and updates of rules`);
  }

  setDefaults(phase: Phase, actions: readonly Action[]): void {
    this.#defaults.set(phase, actions);
  }

  /** Where the next rule cannot be a link any more: at a marker and at the end of a file. */
  endChain(): void {
    const head = this.#open?.links[0];
    if (head !== undefined) {
      this.reading.faults.add(head.at, 'bad-chain', 'this chain is not finished: its last rule has the action chain');
    }
    this.#open = undefined;
  }

  #begin(head: LinkDraft): RuleDraft {
    const id = head.actions.findLast(({ fields }) => fields.id !== undefined)?.fields.id ?? 0;
    const phase = head.actions.findLast(({ fields }) => fields.phase !== undefined)?.fields.phase ?? 2;
    const { faults } = this.reading;
    const first = this.#placeOfId.get(id);
    if (id === 0) faults.add(head.at, 'missing-id', 'this rule has no id: add id:NUMBER to its actions');
    else if (first !== undefined && first.file === this.#prelude) {
      // A rule of the engine's own gives way to one of the same number.
      this.items.splice(
        this.items.findIndex((item) => item.kind === 'draft' && item.id === id),
        1,
      );
      this.#placeOfId.set(id, head.source);
    } else if (first !== undefined) {
      faults.add(
        head.at,
        'duplicate-id',
        `the id ${id} is already taken by the rule in ${first.file}, line ${first.line}`,
      );
    } else this.#placeOfId.set(id, head.source);
    const rule: RuleDraft = { kind: 'draft', id, phase, defaults: this.#defaults.get(phase) ?? [], links: [head] };
    this.#add(rule, head.at);
    return rule;
  }

  #add(item: RuleDraft | Marker, at: Span): void {
    if (this.items.length < maxItems) this.items.push(item);
    else this.reading.faults.add(at, 'too-much', `there are more than ${maxItems} rules and markers`);
  }

  #checkLink({ actions }: LinkDraft, ofHead: readonly Action[]): void {
    const { faults } = this.reading;
    for (const { name, at } of actions) {
      if (headOnly.has(name)) faults.add(at, 'bad-chain', `${name} belongs to the first rule of a chain only`);
      else if (idleInLink.has(name) && !ofHead.some((action) => action.name === name)) {
        faults.note(at, 'no-effect', `${name} has an effect in the first rule of a chain only`);
      }
    }
  }
}

/** Where a span stands, as rules carry it. */
export function sourceOf(at: Span): Source {
  return { file: at.line.file, line: placeOf(at).line };
}
