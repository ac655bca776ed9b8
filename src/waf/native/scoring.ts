// The rules around native rules: doors that close the levels of paranoia that are off, and the two that add the score up
// at the end and block. Scores stand where the Core Rule Set keeps them, so that rules of both kinds have one total.
import type { Effect, Link, Marker, Phase, Rule } from '../rule.ts';
import { action } from './rule.ts';

/** Numbers of the engine's own rules; exceptions cannot name them. */
export const SCORING_IDS = { inbound: 40_010, outbound: 40_020 } as const;

const LEVELS = [1, 2, 3, 4] as const;
const SOURCE = { file: 'built-in', line: 0 };

/** The rules of one set, the lower levels first, each higher level behind a door. */
export function behindDoors(rules: readonly Rule[], name: string): (Rule | Marker)[] {
  return LEVELS.flatMap((level) => {
    const own = rules.filter((rule) => levelOf(rule) === level);
    if (level === 1 || own.length === 0) return own;
    const marker = `native-${name}-level-${level}`;
    const phases = [...new Set(own.map(({ phase }) => phase))];
    return [
      ...phases.map((phase) => door(level, phase, marker)),
      ...own,
      { kind: 'marker', name: marker, source: SOURCE },
    ];
  });
}

function levelOf({ tags }: Rule): number {
  return LEVELS.find((level) => tags.includes(`paranoia-level/${level}`)) ?? 1;
}

function door(level: number, phase: Phase, marker: string): Rule {
  const link = {
    ...action(SOURCE),
    targets: [txTarget('detection_paranoia_level')],
    operator: compare('lt', `${level}`),
  };
  return { ...silent(0, phase, [link]), skipAfter: marker };
}

/** Adds up and blocks, behind all rules. */
export function scoringRules(): Rule[] {
  return [
    // Version 3 of the Core Rule Set keeps its total under another name.
    total('inbound', 2, ['anomaly_score']),
    ...levelsOf('inbound', 2),
    verdict('inbound', 2, 'the request'),
    ...([3, 4] as const).flatMap((phase) => [
      total('outbound', phase, []),
      ...levelsOf('outbound', phase),
      verdict('outbound', phase, 'the answer'),
    ]),
  ];
}

type Side = keyof typeof SCORING_IDS;

/** The total begins anew: what an earlier phase added to it is added again. */
function total(side: Side, phase: Phase, also: readonly string[]): Rule {
  const name = `blocking_${side}_anomaly_score`;
  const effects = [set(name, '0', 'set'), ...also.map((other) => set(name, `%{tx.${other}}`, 'add'))];
  return silent(0, phase, [{ ...action(SOURCE), effects }]);
}

function levelsOf(side: Side, phase: Phase): Rule[] {
  return LEVELS.map((level) => {
    const effects = [set(`blocking_${side}_anomaly_score`, `%{tx.${side}_anomaly_score_pl${level}}`, 'add')];
    const targets = [txTarget('blocking_paranoia_level')];
    return silent(0, phase, [{ ...action(SOURCE), targets, operator: compare('ge', `${level}`), effects }]);
  });
}

function verdict(side: Side, phase: Phase, what: string): Rule {
  const link: Link = {
    ...action(SOURCE),
    targets: [txTarget(`blocking_${side}_anomaly_score`)],
    operator: compare('ge', `%{tx.${side}_anomaly_score_threshold}`),
    msg: `The score of ${what} is %{tx.blocking_${side}_anomaly_score}`,
  };
  return {
    ...silent(SCORING_IDS[side], phase, [link]),
    disruptive: { action: 'deny', status: 403 },
    log: true,
    auditLog: true,
    tags: ['scoring'],
  };
}

function txTarget(name: string): Link['targets'][number] {
  return { variable: 'TX', selector: { kind: 'name', name }, count: false };
}

function compare(name: string, argument: string): Link['operator'] {
  return { name, negated: false, argument };
}

function set(name: string, value: string, change: 'set' | 'add'): Effect {
  return { kind: 'setvar', collection: 'tx', name, change, value };
}

function silent(id: number, phase: Phase, links: readonly Link[]): Rule {
  return {
    kind: 'rule',
    id,
    phase,
    source: SOURCE,
    links,
    disruptive: { action: 'pass' },
    log: false,
    auditLog: false,
    tags: [],
    skip: 0,
  };
}
