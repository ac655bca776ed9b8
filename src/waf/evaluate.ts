// The ordered step: runs the rules of a phase one after another, on the values that the scan could not rule out.
import { act } from './act.ts';
import { expand } from './expand.ts';
import type { Field } from './field.ts';
import type { Finding } from './finding.ts';
import type { Parts } from './matching.ts';
import type { Plan } from './plan.ts';
import type { Phase } from './rule.ts';
import type { CompiledLink, Step } from './step.ts';
import type { CompiledTarget } from './target.ts';
import { transformed } from './text-memo.ts';
import type { Matched, Transaction } from './transaction.ts';

/** What a link last matched, kept so that its texts can be filled in when the whole chain has matched. */
interface LinkMatch extends Matched {
  readonly captured: Transaction['captured'];
}

/** Runs one phase, or of its steps those that are marked. After an intervention only phase 5 still runs. */
export function runPhase(plan: Plan, tx: Transaction, phase: Phase, only?: Uint8Array): void {
  runSteps(plan, tx, phase, plan.phaseStart[phase - 1] as number, Infinity, only);
}

/** Runs so many steps of a phase, from one on; the step to go on with, or where the next phase begins: it is over. */
export function runSteps(
  plan: Plan,
  tx: Transaction,
  phase: Phase,
  from: number,
  most: number,
  only?: Uint8Array,
): number {
  const { steps, phaseStart } = plan;
  const end = phaseStart[phase] as number;
  if (tx.mode === 'off' || (phase !== 5 && (tx.intervention !== undefined || phase <= tx.allowedUpTo))) return end;
  let left = most;
  let next = from;
  while (next < end && left > 0) {
    const number = next++;
    if (tx.flags[number] === 0 || tx.removed?.[number] === 1 || only?.[number] === 0) continue;
    left--;
    const step = steps[number] as Step;
    if (tx.exemption?.rules !== undefined && isExempt(tx, step, tx.exemption.rules)) continue;
    if (!matches(tx, step)) continue;
    next = step.next;
    if (act(tx, step, phase)) return end;
  }
  return next;
}

function isExempt(tx: Transaction, step: Step, rules: Uint16Array): boolean {
  const exception = rules[step.number] as number;
  if (exception === 0) return false;
  if (headHolds(tx, step)) tx.noteException(exception - 1);
  return true;
}

/** Whether the first condition of a rule that does not run would have held. */
function headHolds(tx: Transaction, step: Step): boolean {
  const link = step.links[0] as CompiledLink;
  return link.targets.some((target) =>
    target.read(tx).some((field) => {
      if (step.scanned === 0 && !field.hits.includes(step.number)) return false;
      return target.excludes?.(field.key) !== true && fieldHolds(tx, link, field);
    }),
  );
}

function fieldHolds(tx: Transaction, link: CompiledLink, field: Field): boolean {
  const { matcher, transforms, multiMatch } = link;
  tx.budget.spend(field.value.length);
  const holds = (text: string): boolean => matcher.holds(text, tx) && !isExcused(tx, link, field, text);
  let { value } = field;
  for (const transform of transforms) {
    if (multiMatch && holds(value)) return true;
    value = transformed(transform, value);
  }
  return holds(value) && !isExcused(tx, link, field, field.value);
}

/** Whether the rule matched, all links of it. */
function matches(tx: Transaction, step: Step): boolean {
  if (step.links[0]?.precheck?.(tx) === false) return false;
  tx.rule = step.rule;
  tx.matched = [];
  const seen: (LinkMatch | undefined)[] = [];
  let named: readonly Matched[] | undefined;
  let before = 0;
  for (let i = 0; i < step.links.length; i++) {
    const link = step.links[i] as CompiledLink;
    if (!matchLink(tx, step, link, i === step.scanned)) return false;
    if (!step.logs) continue;
    // The condition by which an exception would spare the rule: one that looks at members, which have names.
    const own = tx.matched.slice(before);
    if (named === undefined || (!hasMember(named) && hasMember(own))) named = own;
    before = tx.matched.length;
    seen.push(linkMatch(tx));
  }
  const points = tx.takePoints();
  const { severity } = step.rule;
  if (severity !== undefined && severity < tx.highestSeverity) tx.highestSeverity = severity;
  if (step.logs) tx.findings.push({ ...describe(tx, step, seen), fields: labelsOf(named), points });
  return true;
}

function hasMember(matched: readonly Matched[]): boolean {
  return matched.some(({ label }) => label.includes(':'));
}

/** More than these no record shows and no exception names one by one. */
const MAX_FIELDS = 16;

function labelsOf(matched: readonly Matched[] = []): string[] {
  const labels = new Set<string>();
  for (const { label } of matched) if (labels.size < MAX_FIELDS) labels.add(label);
  return [...labels];
}

function matchLink(tx: Transaction, step: Step, link: CompiledLink, isScanned: boolean): boolean {
  if (link.targets.length === 0) {
    for (const run of link.effects) run(tx);
    return true;
  }
  let found = false;
  for (const target of link.targets) {
    for (const field of target.read(tx)) {
      if (isScanned && !field.hits.includes(step.number)) continue;
      if (target.excludes?.(field.key) === true) continue;
      if (tx.removedTargets.length > 0 && isRemoved(tx, step, link, target, field)) continue;
      if (tryField(tx, step, link, target, field)) found = true;
    }
  }
  if (found && link.catchesLate && (link.capture || step.logs)) catchParts(tx, step, link);
  return found;
}

function isRemoved(tx: Transaction, step: Step, link: CompiledLink, target: CompiledTarget, field: Field): boolean {
  const removed = tx.removedTargets.find(
    ({ steps, variable, selects }) =>
      variable === target.variable && steps[step.number] === 1 && (selects === undefined || selects(field.key)),
  );
  if (removed?.exception !== undefined && fieldHolds(tx, link, field)) tx.noteException(removed.exception);
  return removed !== undefined;
}

/** With `multiMatch` each stage of the value that matches counts by itself, as in ModSecurity 3. */
function tryField(tx: Transaction, step: Step, link: CompiledLink, target: CompiledTarget, field: Field): boolean {
  const { matcher, transforms, multiMatch } = link;
  tx.budget.spend(field.value.length);
  const holds = (text: string): boolean => matcher.holds(text, tx) && !isExcused(tx, link, field, text);
  let { value } = field;
  let found = multiMatch && holds(value) && note(tx, step, link, target, field, value);
  for (const transform of transforms) {
    const before = value;
    value = transformed(transform, value);
    if (!multiMatch || value === before || !holds(value)) continue;
    if (!isExcused(tx, link, field, field.value)) found = note(tx, step, link, target, field, value);
  }
  if (multiMatch) return found;
  return holds(value) && !isExcused(tx, link, field, field.value) && note(tx, step, link, target, field, value);
}

/**
 * Only texts of a body are excused. What a value was before its transformations may say that it is harmless, too: they
 * make one line of many.
 */
function isExcused(tx: Transaction, { unless }: CompiledLink, { isOfBody }: Field, text: string): boolean {
  return unless !== undefined && isOfBody && unless.holds(text, tx);
}

/** One value of the link matched: it can be spoken of, and the link's effects run. */
function note(
  tx: Transaction,
  step: Step,
  link: CompiledLink,
  target: CompiledTarget,
  field: Field,
  value: string,
): true {
  const label = field.labelIn(target.label);
  // What MATCHED_VAR and MATCHED_VARS hand on has its label already.
  const own = target.label.startsWith('MATCHED_') ? field.name || (tx.lastMatched?.label ?? label) : label;
  // Before the value is noted and the effects run: both may change what the argument's macros stand for.
  const parts = link.catchesLate ? NO_PARTS : partsOf(tx, step, link, value);
  tx.matched.push({ label: own, value, part: parts[0] ?? '', raw: field.value });
  if (link.capture) tx.captured = parts;
  for (const run of link.effects) run(tx);
  return true;
}

const NO_PARTS: Parts = [];

function partsOf(tx: Transaction, step: Step, { capture, isDecisive, matcher }: CompiledLink, value: string): Parts {
  if (!capture && !step.logs) return NO_PARTS;
  const { budget } = tx;
  if (!isDecisive) return matcher.parts(value, tx, budget.quotes);
  const parts = matcher.parts(value, tx, budget.captures);
  budget.checkCaptures();
  return parts;
}

/** What of the last value matched: one rule may match thousands of values, and speaks of the last one only. */
function catchParts(tx: Transaction, step: Step, link: CompiledLink): void {
  const last = tx.lastMatched as Matched;
  const parts = partsOf(tx, step, link, last.value);
  tx.matched[tx.matched.length - 1] = { ...last, part: parts[0] ?? '' };
  if (link.capture) tx.captured = parts;
}

function linkMatch(tx: Transaction): LinkMatch | undefined {
  const last = tx.lastMatched;
  return last === undefined ? undefined : { ...last, captured: tx.captured };
}

/** Of one value in a message: more than any record shows. */
const MOST_QUOTED = 4_096;

/** Fills the texts in as they stood when their link matched. */
function describe(
  tx: Transaction,
  step: Step,
  seen: readonly (LinkMatch | undefined)[],
): Omit<Finding, 'fields' | 'points'> {
  const after = { matched: tx.matched, captured: tx.captured };
  let msg = '';
  let data = '';
  for (const [i, link] of step.links.entries()) {
    if (link.msg === undefined && link.logdata === undefined) continue;
    const then = seen[i];
    if (then !== undefined) {
      tx.matched = [then];
      tx.captured = then.captured;
    }
    if (link.msg !== undefined) msg = expand(link.msg, tx, MOST_QUOTED);
    if (link.logdata !== undefined) data = expand(link.logdata, tx, MOST_QUOTED);
  }
  Object.assign(tx, after);
  const first = seen[0];
  return {
    rule: step.rule,
    target: first?.label ?? '',
    value: first?.value ?? '',
    matched: first?.part ?? '',
    raw: first?.raw ?? '',
    msg,
    data,
  };
}
