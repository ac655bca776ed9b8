// What the slow engine knows during one exchange: variables, what rules wrote, macros. All of it plain maps and loops.
import type { Budget } from '../../../src/waf/budget.ts';
import { FEEDS } from '../../../src/waf/feeds.ts';
import { Field, NO_FIELDS, NO_HITS } from '../../../src/waf/field.ts';
import { compilePattern, type Pattern } from '../../../src/waf/pattern/pattern.ts';
import { CollectionStore, Collections } from '../../../src/waf/persistent.ts';
import type { Readings } from '../../../src/waf/readings.ts';
import type {
  Control,
  Effect,
  EngineMode,
  EngineSettings,
  Exclusion,
  Rule,
  RuleSelector,
  Selector,
} from '../../../src/waf/rule.ts';
import { ScanTable } from '../../../src/waf/scan-table.ts';
import { Transaction } from '../../../src/waf/transaction.ts';
import { SlotTable, type TxValue } from '../../../src/waf/tx-store.ts';
import { VARIABLES, variableKind, variableNumber } from '../../../src/waf/variables.ts';

export interface Member {
  readonly name: string;
  readonly value: string;
}

/** The real container of what an exchange consists of, with no scan behind it: it is only filled and read. */
export function emptyTransaction(settings: EngineSettings, mode: EngineMode, budget: Budget): Transaction {
  const ground = {
    settings,
    slots: new SlotTable(),
    initialTx: [],
    scoreSlots: [],
    members: VARIABLES.map((name) =>
      variableKind(name) === 'single' ? [new Field('', INITIAL[name] ?? '')] : NO_FIELDS,
    ),
    flags: new Uint8Array(0),
    feeds: FEEDS,
    inner: VARIABLES.map(() => -1),
    reads: new Set(VARIABLES.keys()),
    scan: () => NO_HITS,
    scanInParts: (variable: number, field: Field, readings: Readings) =>
      NO_SCANS.scanInParts(variable, field, readings),
    walked: () => 0,
    read: () => NO_FIELDS,
  };
  return new Transaction(ground, mode, new Collections(new CollectionStore()), budget);
}

const NO_SCANS = new ScanTable([]);

const small = (name: string): string => name.replace(/[A-Z]+/g, (run) => run.toLowerCase());

const patterns = new Map<string, Pattern>();

export function isSelected(selector: Selector | undefined, name: string): boolean {
  if (selector === undefined) return true;
  if (selector.kind === 'name') return selector.name === small(name);
  let pattern = patterns.get(selector.pattern);
  if (pattern === undefined) {
    pattern = compilePattern(`(?i)${selector.pattern}`);
    patterns.set(selector.pattern, pattern);
  }
  return pattern.exec(small(name)) !== undefined;
}

/** Rules that a removal names. */
function selects(selector: RuleSelector): (rule: Rule) => boolean {
  if (selector.by === 'id') return ({ id }) => selector.ranges.some(({ from, to }) => id >= from && id <= to);
  const pattern = compilePattern(selector.pattern);
  const texts = ({ tags, links }: Rule): readonly string[] =>
    selector.by === 'tag' ? tags : links.flatMap(({ msg }) => msg ?? []);
  return (rule) => texts(rule).some((text) => pattern.exec(text) !== undefined);
}

/** Flags say 0 until something is wrong. */
const INITIAL: Readonly<Record<string, string>> = {
  INBOUND_DATA_ERROR: '0',
  MODSEC_BUILD: '030009100',
  OUTBOUND_DATA_ERROR: '0',
  REQBODY_ERROR: '0',
  REQBODY_PROCESSOR_ERROR: '0',
  URLENCODED_ERROR: '0',
};

export class OracleState {
  readonly #given: Transaction;
  readonly #tx: Map<string, TxValue>;
  readonly #kept: Map<string, Map<string, TxValue>>;
  readonly #open = new Map<string, Map<string, TxValue>>();
  readonly #env = new Map<string, string>();
  readonly #removals: ((rule: Rule) => boolean)[] = [];
  readonly removedTargets: { readonly means: (rule: Rule) => boolean; readonly target: Exclusion }[] = [];
  captured: readonly (string | undefined)[] = [];
  matched: { readonly label: string; readonly value: string }[] = [];
  highestSeverity = 255;
  rule: Rule | undefined;

  constructor(given: Transaction, seeds: Readonly<Record<string, TxValue>>, kept: Map<string, Map<string, TxValue>>) {
    this.#given = given;
    this.#tx = new Map(Object.entries(seeds));
    this.#kept = kept;
  }

  firstNumber(...wanted: readonly string[]): number {
    for (const name of wanted) if (this.#tx.has(name)) return wholeNumber(this.#tx.get(name));
    return 0;
  }

  isRemoved(rule: Rule): boolean {
    return this.#removals.some((removes) => removes(rule));
  }

  /** TX.0 to TX.9 are what the last pattern caught, or a rule wrote there since, asked for by name. */
  members(variable: string, selector?: Selector): Member[] {
    const kind = variableKind(variable);
    const digit = selector?.kind === 'name' && /^\d$/.test(selector.name) ? Number(selector.name) : undefined;
    if (kind === 'tx' && digit === undefined) return membersOf(this.#tx);
    if (kind === 'tx') {
      const value = this.captured[digit!];
      return value === undefined ? [] : [{ name: String(digit), value }];
    }
    if (kind === 'persistent') return membersOf(this.#open.get(variable.toLowerCase()) ?? new Map());
    return (
      this.#computed(variable) ??
      this.#given.members[variableNumber(variable)]!.map(({ name, value }) => ({ name, value }))
    );
  }

  #computed(variable: string): Member[] | undefined {
    const last = this.matched.at(-1);
    switch (variable) {
      case 'MATCHED_VAR':
        return [{ name: '', value: last?.value ?? '' }];
      case 'MATCHED_VAR_NAME':
        return [{ name: '', value: last?.label ?? '' }];
      case 'MATCHED_VARS':
        return this.matched.map(({ label, value }) => ({ name: label, value }));
      case 'MATCHED_VARS_NAMES':
        return this.matched.map(({ label }) => ({ name: label, value: label }));
      case 'ENV':
        return membersOf(this.#env);
      case 'HIGHEST_SEVERITY':
        return [{ name: '', value: String(this.highestSeverity) }];
      case 'RULE':
        return [
          ...(this.rule === undefined ? [] : [{ name: 'id', value: String(this.rule.id) }]),
          ...(this.rule?.rev === undefined ? [] : [{ name: 'rev', value: this.rule.rev }]),
          ...(this.rule?.severity === undefined ? [] : [{ name: 'severity', value: String(this.rule.severity) }]),
          ...(this.rule?.links[0]?.msg === undefined ? [] : [{ name: 'msg', value: this.rule.links[0].msg }]),
        ];
      default:
        return undefined;
    }
  }

  /** `%{VARIABLE}` is its first value, `%{VARIABLE.name}` that of the first member of the name; empty when there is none. */
  expand(text: string): string {
    return text.replace(/%\{([^{}]*)\}/g, (written: string, inside: string) => {
      const [, name = '', member] = /^([^.:]*)(?:[.:](.*))?$/s.exec(inside)!;
      const variable = name.toUpperCase();
      if (variableKind(variable) === undefined) return written;
      if (variable === 'TX' && member === undefined) return '';
      const all = this.members(variable, member === undefined ? undefined : { kind: 'name', name: small(member) });
      const one = member === undefined ? all[0] : all.find((found) => small(found.name) === small(member));
      return one?.value ?? '';
    });
  }

  write(effect: Exclude<Effect, { kind: 'ctl' }>): void {
    switch (effect.kind) {
      case 'setenv':
        this.#env.set(effect.name, this.expand(effect.value));
        break;
      case 'initcol': {
        const id = `${effect.collection} ${this.expand(effect.key)}`;
        const found = this.#kept.get(id) ?? new Map<string, TxValue>();
        this.#kept.set(id, found);
        this.#open.set(effect.collection, found);
        break;
      }
      case 'expirevar':
        // Nothing expires while a test runs.
        break;
      case 'setvar':
        this.#setVariable(effect);
    }
  }

  #setVariable({ collection, name, change, value }: Effect & { kind: 'setvar' }): void {
    const key = small(this.expand(name));
    const isCapture = collection === 'tx' && /^\d$/.test(key);
    const ofPattern = new Map<string, TxValue>(
      this.captured.flatMap((caught, i) => (caught === undefined ? [] : [[String(i), caught]])),
    );
    const members = isCapture ? ofPattern : collection === 'tx' ? this.#tx : this.#open.get(collection);
    if (members === undefined) return;
    if (change === 'unset') members.delete(key);
    else if (change === 'set') members.set(key, this.expand(value));
    else {
      const by = wholeNumber(this.expand(value)) * (change === 'add' ? 1 : -1);
      members.set(key, wholeNumber(members.get(key)) + by);
    }
    if (isCapture)
      this.captured = Array.from({ length: 10 }, (_, i) => ofPattern.get(String(i))).map((caught) =>
        caught === undefined ? undefined : String(caught),
      );
  }

  control(control: Control): void {
    const given = this.#given;
    switch (control.option) {
      case 'ruleEngine':
        if (control.value !== 'on' && given.mode !== 'off') given.mode = control.value;
        break;
      case 'auditEngine':
        given.auditLog = control.value !== 'off';
        break;
      case 'requestBodyProcessor':
        given.setBodyProcessor(control.value);
        break;
      case 'forceRequestBodyVariable':
        given.forceRequestBody = control.value;
        break;
      case 'ruleRemove':
        this.#removals.push(selects(control.rules));
        break;
      case 'ruleRemoveTarget':
        this.removedTargets.push({ means: selects(control.rules), target: control.target });
        break;
      default:
        break;
    }
  }
}

function membersOf(map: ReadonlyMap<string, TxValue>): Member[] {
  return Array.from(map, ([name, value]) => ({ name, value: String(value) }));
}

function wholeNumber(value: TxValue | undefined): number {
  const [digits = '0'] = /^\s*[+-]?\d+/.exec(String(value ?? '')) ?? [];
  return Number(digits);
}
