// The engine's state for one exchange: the values that rules look at, what rules wrote, and what was decided so far.
import type { Named } from './bodies/named.ts';
import type { Budget } from './budget.ts';
import { captureNumber, withCapture } from './captures.ts';
import type { Exemption, RemovedTarget } from './exemption.ts';
import { IS_OF_BODY } from './feeds.ts';
import { Field, type Hits } from './field.ts';
import type { Finding, Intervention } from './finding.ts';
import { innerValues } from './inner/inner-values.ts';
import type { Collections } from './persistent.ts';
import { Readings } from './readings.ts';
import type { BodyProcessor, EngineMode, EngineSettings, Rule, WritableCollection } from './rule.ts';
import { integerOf, type SlotTable, TxStore, type TxValue } from './tx-store.ts';
import { variableNumber } from './variables.ts';

/** Values within values of one exchange; the values they stand in are seen in any case. */
const MOST_INNER_VALUES = 10_000;
/** Longer values are scanned in parts: a hostile one may take as many milliseconds as it has kilobytes. */
const LONG_VALUE = 4_096;
const INNER_NAMES = variableNumber('INNER_NAMES');
const REQBODY_PROCESSOR = variableNumber('REQBODY_PROCESSOR');

/** A value that the running rule matched, as `MATCHED_VAR` shows it. */
export interface Matched {
  readonly label: string;
  readonly value: string;
  /** What of it matched, for the log. */
  readonly part: string;
  /** As it came, before the rule's transformations. */
  readonly raw: string;
}

/** What a transaction stands on: the same for all transactions of a plan. */
export interface Ground {
  readonly settings: EngineSettings;
  readonly slots: SlotTable;
  readonly initialTx: readonly (TxValue | undefined)[];
  /** Where rules that detect something add their points. */
  readonly scoreSlots: readonly number[];
  /** By variable: what a transaction begins with. */
  readonly members: readonly (readonly Field[])[];
  /** By step: 1 for those that run for every exchange. */
  readonly flags: Uint8Array;
  /** By variable: the variables that a member of it belongs to. */
  readonly feeds: readonly (readonly number[])[];
  /** By variable: where values within its values go; -1: nowhere, or no rule looks there. */
  readonly inner: readonly number[];
  /** Variables that some rule looks at or prints. */
  readonly reads: ReadonlySet<number>;
  /** The steps that may match a member of that name with that value. */
  scan(variable: number, field: Field): Hits;
  /** The same for a long value, with stops at which others may have their turn. */
  scanInParts(variable: number, field: Field, readings: Readings): Generator<undefined, Hits, void>;
  /** Work of all scans so far: the bytes that automata walked over, and a share for each walk. */
  walked(): number;
  /** The fields of a variable, for macros. */
  read(variable: number, tx: Transaction): readonly Field[];
}

const NO_TARGETS: readonly RemovedTarget[] = [];

export class Transaction {
  readonly plan: Ground;
  readonly budget: Budget;
  readonly collections: Collections;
  /** By variable number. */
  readonly members: (readonly Field[])[];
  readonly tx: TxStore;
  /** By step: 1 when it must be evaluated. */
  readonly flags: Uint8Array;
  /** By step: 1 when `ctl` took the rule away. */
  removed: Uint8Array | undefined;
  removedTargets: readonly RemovedTarget[];
  readonly exemption: Exemption | undefined;
  /** Numbers of the exceptions without which a rule would have matched. */
  exceptionsUsed: Set<number> | undefined;
  /** All scores together, as they were after the last rule that matched. */
  points = 0;

  /** TX.0 to TX.9. */
  captured: readonly (string | undefined)[] = [];
  /** MATCHED_VARS: all that the running rule, chain included, matched. */
  matched: Matched[] = [];
  /** The rule that runs. */
  rule: Rule | undefined;
  env: Map<string, string> | undefined;
  highestSeverity = 255;

  mode: EngineMode;
  /** Set by `ctl`; undefined: the content type decides. */
  bodyProcessor: BodyProcessor | undefined;
  forceRequestBody = false;
  requestBodyAccess: boolean;
  responseBodyAccess: boolean;
  auditLog = true;
  auditParts: string;

  contentType = '';
  /** Work of the scans of this exchange, as `Ground.walked` counts it. */
  walked = 0;
  /** Names and values of all arguments together. */
  argumentBytes = 0;

  /** Of long values, until the rules have run on them. */
  readings: Readings | undefined;

  readonly findings: Finding[] = [];
  intervention: Intervention | undefined;
  suppressed: Intervention | undefined;
  /** `allow`: the phases up to this one are not run. */
  allowedUpTo = 0;
  readonly startedAt: number = Date.now();
  #innerLeft = MOST_INNER_VALUES;
  /** Long values that are still to be scanned; the first may be in hand. */
  readonly #long: { readonly field: Field; readonly scan: Generator<undefined, Hits, void> }[] = [];

  constructor(plan: Ground, mode: EngineMode, collections: Collections, budget: Budget, exemption?: Exemption) {
    this.exemption = exemption;
    this.removedTargets = exemption?.targets ?? NO_TARGETS;
    this.plan = plan;
    this.mode = mode;
    this.collections = collections;
    this.budget = budget;
    this.members = plan.members.slice();
    this.tx = new TxStore(plan.slots, plan.initialTx);
    this.flags = plan.flags.slice();
    this.auditParts = plan.settings.auditLogParts ?? '';
    this.requestBodyAccess = plan.settings.requestBodyAccess ?? true;
    this.responseBodyAccess = plan.settings.responseBodyAccess ?? true;
  }

  /** Adds a member to a collection, and to those that include it, and finds out which rules it concerns. */
  add(variable: number, name: string, value: string): void {
    const isOfBody = IS_OF_BODY[variable] === true;
    this.#put(variable, name, value, isOfBody);
    const inner = this.plan.inner[variable] as number;
    if (inner !== -1) this.addInner(inner, name, innerValues(value), isOfBody);
  }

  /** Values that were found within another one: they go by its name, their own names are members of INNER_NAMES. */
  addInner(variable: number, name: string, values: readonly Named[], isOfBody: boolean): void {
    for (const inner of values) {
      if (this.#innerLeft-- <= 0) return;
      this.#put(variable, name, inner.value, isOfBody);
      if (this.plan.reads.has(INNER_NAMES)) this.#put(INNER_NAMES, name, inner.name, false);
    }
  }

  #put(variable: number, name: string, value: string, isOfBody: boolean): void {
    const field = new Field(name, value, isOfBody);
    this.#scan(variable, field);
    for (const number of this.plan.feeds[variable] as readonly number[]) {
      const list = this.members[number] as Field[];
      // The empty list of the plan is shared: the first member makes one of our own.
      if (list.length === 0) this.members[number] = [field];
      else list.push(field);
    }
  }

  /** Sets a variable that is not a collection. */
  setSingle(variable: number, value: string): void {
    // Nearly all of these are of no interest to any rule.
    if (!this.plan.reads.has(variable)) return;
    const field = new Field('', value, IS_OF_BODY[variable]);
    this.#scan(variable, field);
    this.members[variable] = [field];
  }

  #scan(variable: number, field: Field): void {
    this.budget.spend(field.value.length);
    if (field.value.length >= LONG_VALUE) {
      this.readings ??= new Readings();
      this.#long.push({ field, scan: this.plan.scanInParts(variable, field, this.readings) });
      return;
    }
    const before = this.plan.walked();
    const hits = this.plan.scan(variable, field);
    this.walked += this.plan.walked() - before;
    this.#take(field, hits);
  }

  /** Whether something is left to do for long values. */
  get isScanning(): boolean {
    return this.#long.length > 0;
  }

  /** Does a part of what is left to do for long values; false: nothing is. Rules run when all is done. */
  scanOn(): boolean {
    const [open] = this.#long;
    if (open === undefined) return false;
    const { field, scan } = open;
    this.budget.spend(field.value.length);
    const before = this.plan.walked();
    const { done, value } = scan.next();
    this.walked += this.plan.walked() - before;
    if (done !== true) return true;
    this.#long.shift();
    this.#take(field, value);
    return true;
  }

  #take(field: Field, hits: Hits): void {
    if (hits.length === 0) return;
    field.hits = hits;
    for (const step of hits) this.flags[step] = 1;
  }

  /** `ctl:requestBodyProcessor`; rules that ask for it see the new one. */
  setBodyProcessor(processor: BodyProcessor): void {
    this.bodyProcessor = processor;
    this.setSingle(REQBODY_PROCESSOR, processor);
  }

  /** The same once more: rules that run on it leave no trace here. What was opened beyond the exchange is shared. */
  fork(): Transaction {
    const { plan, mode, collections, budget, exemption } = this;
    return Object.assign(new Transaction(plan, mode, collections, budget, exemption), this, {
      members: this.members.slice(),
      tx: this.tx.copy(),
      flags: this.flags.slice(),
      removed: this.removed?.slice(),
      exceptionsUsed: this.exceptionsUsed === undefined ? undefined : new Set(this.exceptionsUsed),
      matched: this.matched.slice(),
      env: this.env === undefined ? undefined : new Map(this.env),
      findings: this.findings.slice(),
    });
  }

  /** Points that were added to the scores since this was asked last. */
  takePoints(): number {
    let points = 0;
    for (const slot of this.plan.scoreSlots) points += integerOf(this.tx.values[slot]);
    const added = points - this.points;
    this.points = points;
    return added;
  }

  noteException(number: number): void {
    this.exceptionsUsed ??= new Set();
    this.exceptionsUsed.add(number);
  }

  /** The last value that matched in the running rule. */
  get lastMatched(): Matched | undefined {
    return this.matched.at(-1);
  }

  /** A variable that rules write, by its name in lower case. */
  getVariable(collection: WritableCollection, name: string): TxValue | undefined {
    if (collection !== 'tx') return this.collections.get(collection, name);
    const capture = captureNumber(name);
    return capture === undefined ? this.tx.get(name) : this.captured[capture];
  }

  setVariable(collection: WritableCollection, name: string, value: TxValue | undefined): void {
    const capture = collection === 'tx' ? captureNumber(name) : undefined;
    if (capture !== undefined) this.captured = withCapture(this.captured, capture, value);
    else if (collection === 'tx') this.tx.set(name, value);
    else this.collections.set(collection, name, value);
  }
}
