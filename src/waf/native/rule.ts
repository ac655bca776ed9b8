// One rule of a native file to the engine's rule object.
import type { Part } from '../../config/part.ts';
import type { Effect, Exclusion, Link, Phase, Rule, Source, Target } from '../rule.ts';
import { DECODERS } from './decoders.ts';
import { readField } from './fields.ts';
import { groupCount } from './groups.ts';
import { type MatchContext, readMatch } from './match.ts';

/** What the file says for all its rules. */
export interface FileDefaults extends MatchContext {
  readonly file: string;
  readonly name: string;
  readonly inspect: Part;
  readonly except: Part;
  readonly decode: Part;
}

export const SEVERITIES = { critical: 2, error: 3, warning: 4, notice: 5 } as const;
type SeverityName = keyof typeof SEVERITIES;
const POINTS: Readonly<Record<SeverityName, number>> = { critical: 5, error: 4, warning: 3, notice: 2 };
const SEVERITY_NAMES = Object.keys(SEVERITIES) as SeverityName[];

/** Faults are told at their places; the rule is then not to be used. */
export function readRule(part: Part, defaults: FileDefaults): Rule {
  const source: Source = { file: defaults.file, line: part.document.lineOf(part.pointer) };
  const own = part.at('inspect');
  const read = (own.isGiven ? own : defaults.inspect).items().map((item) => readField(item.text() ?? ''));
  const fields = read.flatMap((field) => ('fault' in field ? [] : [field]));
  if (read.length === 0) part.fault('missing-key', 'neither this rule nor its file says what to inspect', 'key');
  const isOfResponse = fields.some((field) => field.isOfResponse);
  if (isOfResponse && !fields.every((field) => field.isOfResponse)) {
    own.fault('bad-value', 'a rule looks at the request or at the answer, not at both');
  }
  const targets = fields.flatMap((field) => field.targets);
  const severity = part.at('severity').word(SEVERITY_NAMES);
  const paranoia = part.at('paranoia').number();
  const mode = part.at('mode').word(['block', 'log', 'shadow']);
  const id = part.at('id').number();
  const looks = lookLink(part, defaults, targets, source);
  const side = isOfResponse ? 'outbound' : 'inbound';
  const points = mode === 'block' ? [scoreEffect(side, paranoia, severity)] : [];
  return {
    kind: 'rule',
    id,
    phase: phaseOf(targets, isOfResponse),
    source,
    links: linksOf(looks, part.at('atLeast').number(), id, points, source),
    disruptive: { action: 'pass' },
    log: true,
    auditLog: true,
    severity: SEVERITIES[severity],
    tags: tagsOf(part, defaults, paranoia, mode),
    skip: 0,
    ...(mode === 'shadow' && { trial: { side, points: POINTS[severity], paranoia } }),
  };
}

/** Headers of an answer are there before its body, of which perhaps nothing is read. */
function phaseOf(targets: readonly Target[], isOfResponse: boolean): Phase {
  if (!isOfResponse) return 2;
  return targets.some(({ variable }) => variable === 'RESPONSE_BODY') ? 4 : 3;
}

function lookLink(part: Part, defaults: FileDefaults, targets: readonly Target[], source: Source): Link {
  const written = part.at('decode');
  const decoders = (written.isGiven ? written : defaults.decode).items().map((item) => item.text() ?? '');
  const excepted = [...defaults.except.items(), ...part.at('except').items()];
  const title = part.at('title').text() ?? '';
  const message = part.at('message').text();
  const operator = readMatch(part.at('match'), defaults);
  const quoted = Math.max(0, ...Array.from(message?.matchAll(/\{([1-9])\}/g) ?? [], ([, group]) => Number(group)));
  if (quoted > groupCount(operator)) part.at('message').fault('bad-value', `no pattern here has a group ${quoted}`);
  return {
    source,
    targets,
    exclusions: [...headersApart(targets), ...excepted.flatMap(exclusionsOf)],
    operator,
    ...unlessOf(part.at('unless')),
    transforms: decoders.flatMap((name) => DECODERS[name]?.[0] ?? []),
    multiMatch: decoders.length > 0,
    capture: message !== undefined && /\{\d\}/.test(message),
    effects: [],
    msg: message === undefined ? title : macrosOf(message),
    logdata: '%{MATCHED_VAR_NAME}: %{MATCHED_VAR}',
  };
}

function unlessOf(part: Part): Pick<Link, 'unless'> {
  const looks = part.items().map((item) => ({ name: 'looks', negated: false, argument: item.text() ?? '' }));
  const [only] = looks;
  if (only === undefined) return {};
  return { unless: looks.length === 1 ? only : { name: 'any', negated: false, argument: '', calls: looks } };
}

/** All cookies together are no header to look at: each of them is looked at by itself. */
function headersApart(targets: readonly Target[]): Exclusion[] {
  const whole = targets.some(({ variable, selector }) => variable === 'REQUEST_HEADERS' && selector === undefined);
  return whole ? [{ variable: 'REQUEST_HEADERS', selector: { kind: 'name', name: 'cookie' } }] : [];
}

function exclusionsOf(item: Part): Exclusion[] {
  const read = readField(item.text() ?? '');
  if ('fault' in read) return [];
  return read.targets.map(({ variable, selector }) => (selector === undefined ? { variable } : { variable, selector }));
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  field: '%{MATCHED_VAR_NAME}',
  value: '%{MATCHED_VAR}',
  match: '%{TX.0}',
};

function macrosOf(message: string): string {
  return message.replace(/\{(field|value|match|[1-9])\}/g, (_, name: string) => PLACEHOLDERS[name] ?? `%{TX.${name}}`);
}

/** Points are added once, however many values matched: a link of its own does it behind the others. */
function linksOf(looks: Link, atLeast: number, id: number, points: readonly Effect[], source: Source): Link[] {
  const ending: Link[] = points.length === 0 ? [] : [{ ...action(source), effects: points }];
  if (atLeast <= 1) return [looks, ...ending];
  const counter = `count_of_${id}`;
  const counts: Effect = { kind: 'setvar', collection: 'tx', name: counter, change: 'add', value: '1' };
  const enough: Link = {
    ...action(source),
    targets: [{ variable: 'TX', selector: { kind: 'name', name: counter }, count: false }],
    operator: { name: 'ge', negated: false, argument: String(atLeast) },
  };
  return [{ ...looks, effects: [counts] }, enough, ...ending];
}

/** A link without condition. */
export function action(source: Source): Link {
  return {
    source,
    targets: [],
    exclusions: [],
    operator: { name: 'unconditionalmatch', negated: false, argument: '' },
    transforms: [],
    multiMatch: false,
    capture: false,
    effects: [],
  };
}

/** Scores are kept as the Core Rule Set keeps them, so that all rules together have one. */
function scoreEffect(side: 'inbound' | 'outbound', paranoia: number, severity: SeverityName): Effect {
  const name = `${side}_anomaly_score_pl${paranoia}`;
  return { kind: 'setvar', collection: 'tx', name, change: 'add', value: String(POINTS[severity]) };
}

function tagsOf(part: Part, { name }: FileDefaults, paranoia: number, mode: string): string[] {
  const texts = (key: string): string[] =>
    part
      .at(key)
      .items()
      .map((item) => item.text() ?? '');
  const written = [name, ...texts('tags'), ...texts('references')];
  return [...new Set([...written, `paranoia-level/${paranoia}`, ...(mode === 'shadow' ? ['mode/shadow'] : [])])];
}
