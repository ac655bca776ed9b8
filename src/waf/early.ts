// Which rules may decide while a body is still being read. What such a rule finds in some of the values it finds in all
// of them, whatever the others are: then a request that is refused for its beginning would be refused as a whole.
import type { PlannedRule } from './fold.ts';
import { parseTemplate } from './macro.ts';
import type { Effect, Link, Rule, Target } from './rule.ts';
import type { CompiledLink, Step } from './step.ts';
import { isCapture, isGiven } from './target.ts';
import { variableKind } from './variables.ts';

/** Variables that are filled before the body is read. */
const OF_HEAD: ReadonlySet<string> = new Set([
  'ARGS_GET',
  'ARGS_GET_NAMES',
  'PATH_INFO',
  'PATH_SEGMENTS',
  'QUERY_STRING',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'REQBODY_PROCESSOR',
  'REQUEST_BASENAME',
  'REQUEST_COOKIES',
  'REQUEST_COOKIES_NAMES',
  'REQUEST_FILENAME',
  'REQUEST_HEADERS',
  'REQUEST_HEADERS_NAMES',
  'REQUEST_LINE',
  'REQUEST_METHOD',
  'REQUEST_PROTOCOL',
  'REQUEST_URI',
  'REQUEST_URI_RAW',
  'SERVER_ADDR',
  'SERVER_NAME',
  'SERVER_PORT',
]);
/** The body as a whole: nothing until it is read to its end, when it comes beside the other values. */
const WHOLE: ReadonlySet<string> = new Set(['RAW_BODY', 'REQUEST_BODY', 'UNPARSED_BODY']);
/** What a chain has matched so far. Not so MATCHED_VAR: of all values it has the last. */
const MATCHED: ReadonlySet<string> = new Set(['MATCHED_VARS', 'MATCHED_VARS_NAMES']);

/**
 * By step: 1 for the rules of the phase of request bodies that may decide early. undefined: no rule may, since some rule
 * of that phase spares a request others for what is in its body, or acts on more than the exchange.
 */
export function earlySteps(planned: readonly PlannedRule[], steps: readonly Step[]): Uint8Array | undefined {
  const own = planned.filter(({ rule }) => rule.phase === 2);
  const written = new WrittenNames(own.map(({ rule }) => rule));
  const isSettled = ({ links }: Rule): boolean => links.every((link) => isOfHead(link, written));
  if (own.some((item) => actsBeyond(item.rule) || (spares(item) && !isSettled(item.rule)))) return undefined;
  const isEarly = (rule: Rule, { links }: Step): boolean =>
    isSettled(rule) || rule.links.every((link, i) => onlyGrows(link, links[i] as CompiledLink, written));
  return Uint8Array.from(planned, ({ rule }, i) => (rule.phase === 2 && isEarly(rule, steps[i] as Step) ? 1 : 0));
}

/** Whether a match is remembered when the exchange is over. */
function actsBeyond({ links }: Rule): boolean {
  return links.some(({ effects }) =>
    effects.some((effect) => effect.kind === 'initcol' || ('collection' in effect && effect.collection !== 'tx')),
  );
}

/** Whether a match takes away what would be found without it. */
function spares({ rule, order, resumeAfter }: PlannedRule): boolean {
  if (rule.disruptive.action === 'allow' || resumeAfter > order) return true;
  return rule.links.some(({ effects }) => effects.some(({ kind }) => kind === 'ctl'));
}

/** Whether a link says the same whatever the body is. */
function isOfHead({ targets, operator: call }: Link, written: WrittenNames): boolean {
  if (!namesIn(call.argument)?.every((name) => written.isFixed(name))) return false;
  return targets.every((target) => {
    if (target.variable !== 'TX') return OF_HEAD.has(target.variable);
    return !isCapture(target) && target.selector?.kind === 'name' && written.isFixed(target.selector.name);
  });
}

/** Whether a link that matches still does when there are more values. */
function onlyGrows({ targets, operator: call }: Link, compiled: CompiledLink, written: WrittenNames): boolean {
  const isLowerBound = (call.name === 'ge' || call.name === 'gt') && !call.negated;
  if (!namesIn(call.argument)?.every((name) => written.isFixed(name))) return false;
  return targets.every((target) => {
    if (target.count || isCapture(target)) return false;
    if (target.variable === 'TX') return isReadable(target, written, isLowerBound);
    if (MATCHED.has(target.variable)) return true;
    if (WHOLE.has(target.variable)) return !mayMatchNothing(compiled);
    return isGiven(target.variable) && (variableKind(target.variable) !== 'single' || OF_HEAD.has(target.variable));
  });
}

/** Whether a link could match a text that is empty. */
function mayMatchNothing({ matcher, transforms }: CompiledLink): boolean {
  const { scan, negated } = matcher;
  if (scan === undefined || negated || transforms.some((transform) => transform.apply('') !== '')) return true;
  return (scan.kind === 'any' ? scan.forms : [scan]).some((form) => {
    if (form.kind === 'pattern') return form.pattern.analysis.minLength === 0;
    return form.kind === 'words' ? form.words.includes('') : form.test('');
  });
}

function isReadable({ selector }: Target, written: WrittenNames, isLowerBound: boolean): boolean {
  if (selector?.kind !== 'name') return false;
  return written.isFixed(selector.name) || (isLowerBound && written.isGrowing(selector.name));
}

/** The names in TX that a template speaks of; undefined: it speaks of something else, too. */
function namesIn(text: string): string[] | undefined {
  const names: string[] = [];
  for (const piece of parseTemplate(text)) {
    if (typeof piece === 'string') continue;
    if (piece.variable.toUpperCase() !== 'TX' || piece.key === undefined) return undefined;
    names.push(piece.key);
  }
  return names;
}

/** What the rules of a phase write in TX. */
class WrittenNames {
  readonly #growing = new Set<string>();
  readonly #written = new Set<string>();
  /** What names that are made while running begin with. */
  readonly #beginnings: string[] = [];

  constructor(rules: readonly Rule[]) {
    const writes = rules.flatMap(({ links }) => {
      const isSure = links.every(({ targets }) => targets.length === 0);
      return links.flatMap(({ effects }) => effects.map((effect) => ({ effect, isSure })));
    });
    for (const { effect } of writes) this.#note(effect);
    for (const name of this.#written) this.#growing.add(name);
    for (let before = -1; before !== this.#growing.size; ) {
      before = this.#growing.size;
      for (const { effect, isSure } of writes) {
        if (effect.kind === 'setvar' && !this.#grows(effect, isSure)) this.#growing.delete(effect.name);
      }
    }
  }

  /** Nothing is written there in this phase. */
  isFixed(name: string): boolean {
    return !this.#written.has(name) && !this.#beginnings.some((beginning) => name.startsWith(beginning));
  }

  /** All that is written there in this phase is added, or written whatever the request is. */
  isGrowing(name: string): boolean {
    return this.#growing.has(name) && !this.#beginnings.some((beginning) => name.startsWith(beginning));
  }

  #note(effect: Effect): void {
    if (effect.kind !== 'setvar') return;
    const macro = effect.name.indexOf('%{');
    if (macro === -1) this.#written.add(effect.name);
    else this.#beginnings.push(effect.name.slice(0, macro).toLowerCase());
  }

  #grows({ change, value }: Effect & { kind: 'setvar' }, isSure: boolean): boolean {
    if (isSure && !value.includes('%{')) return true;
    const isAmount = /^(?:\d{1,9}|%\{[^%]*\})$/.test(value);
    const isKept = namesIn(value)?.every((name) => this.isFixed(name) || this.isGrowing(name)) === true;
    return change === 'add' && isAmount && isKept;
  }
}
