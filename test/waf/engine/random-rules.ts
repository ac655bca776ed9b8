// Random small rule sets as text: chains, jumps, gates, markers, in all phases.
import fc from 'fast-check';
import { chain, effect, operator, pattern, some, targets, transform } from './rule-parts.ts';

const one = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const words = (list: string): fc.Arbitrary<string> => one(...list.split(' '));

interface LinkText {
  /** undefined: no condition. */
  readonly condition: string | undefined;
  readonly actions: readonly string[];
}

const actions = fc
  .tuple(chain, some(effect, 2), fc.nat(4), fc.nat(4), fc.nat(3))
  .map(([steps, effects, capture, multi, logdata]) => [
    ...(capture === 4 ? ['capture'] : []),
    ...(multi === 4 ? ['multiMatch'] : []),
    ...steps,
    ...effects,
    ...(logdata === 3 ? ["logdata:'%{tx.n} %{tx.1} %{MATCHED_VAR_NAME}=%{MATCHED_VAR} %{tx.s}'"] : []),
  ]);
const link: fc.Arbitrary<LinkText> = fc.record({
  condition: fc.tuple(targets, operator).map(([list, made]) => `${list} "${made.replaceAll('"', '\\"')}"`),
  actions,
});
const silentAction: fc.Arbitrary<LinkText> = fc.record({
  condition: fc.constant(undefined),
  actions: some(effect, 3),
});

interface RuleText {
  readonly links: readonly LinkText[];
  readonly head: readonly string[];
  readonly marker: string | undefined;
}

const head = fc
  .tuple(
    one('1', '1', '2', '2', '2', '3', '4', '5'),
    words('pass pass pass pass pass pass block deny deny,status:418 drop allow allow:phase allow:request'),
    one('log', 'nolog', 'nolog', "log,msg:'first %{tx.n}'", "nolog,msg:'first'"),
    one([], [], [], [], ['skip:1'], ['skip:2'], ['skipAfter:E'], ['skipAfter:F']),
    one([], ['tag:red'], ['tag:blue', 'severity:CRITICAL'], ['severity:NOTICE', 'rev:7']),
  )
  .map(([phase, disruptive, log, jump, other]) => [`phase:${phase}`, disruptive, log, ...jump, ...other]);

/** A level that is off or on: what partial evaluation is made for. */
const gate: fc.Arbitrary<RuleText> = fc
  .tuple(
    one('TX:pl', 'TX:n', '&TX:never', 'TX:m'),
    one('lt', 'ge', 'eq', '!eq'),
    one('0', '1', '2'),
    one('1', '2', '3', '5'),
    one('E', 'F'),
  )
  .map(([name, compare, level, phase, label]) => ({
    links: [
      {
        condition: `${name} "${compare.startsWith('!') ? '!@' : '@'}${compare.replace('!', '')} ${level}"`,
        actions: [],
      },
    ],
    head: [`phase:${phase}`, 'nolog', 'pass', `skipAfter:${label}`],
    marker: undefined,
  }));

const anyRule: fc.Arbitrary<RuleText> = fc.record({
  links: fc.oneof(
    { arbitrary: link.map((only) => [only]), weight: 5 },
    { arbitrary: silentAction.map((only) => [only]), weight: 3 },
    {
      arbitrary: fc.array(fc.oneof({ arbitrary: link, weight: 5 }, { arbitrary: silentAction, weight: 1 }), {
        minLength: 2,
        maxLength: 3,
      }),
      weight: 4,
    },
  ),
  head,
  marker: fc.option(one('E', 'F'), { nil: undefined, freq: 3 }),
});

/** The text of a rule set of up to twelve rules. */
export const randomRules: fc.Arbitrary<string> = fc
  .array(fc.oneof({ arbitrary: anyRule, weight: 5 }, { arbitrary: gate, weight: 1 }), { minLength: 1, maxLength: 12 })
  .map((all) => [...all.map(ruleText), 'SecMarker E', 'SecMarker F', ''].join('\n'));

function ruleText({ links, head: said, marker }: RuleText, index: number): string {
  const written = links.map(({ condition, actions: own }, i) => {
    const list = [
      ...(i === 0 ? [`id:${101 + index}`, ...said] : []),
      ...own,
      ...(i < links.length - 1 ? ['chain'] : []),
    ];
    const quoted = list.length === 0 ? '' : ` "${list.join(',')}"`;
    return condition === undefined
      ? `SecAction${quoted === '' ? ' "t:none"' : quoted}`
      : `SecRule ${condition}${quoted}`;
  });
  return [...(marker === undefined ? [] : [`SecMarker ${marker}`]), ...written].join('\n');
}

/** Rules that a scan decides, one condition each, with long chains of transformations: what a scan leaves out must not match. */
export const randomScans: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      target: words('ARGS ARGS ARGS:a ARGS|!ARGS:a ARGS:/^a/ ARGS_NAMES ARGS|REQUEST_HEADERS:b RESPONSE_BODY'),
      made: fc.oneof({ arbitrary: operator, weight: 2 }, { arbitrary: pattern.map((rx) => `@rx ${rx}`), weight: 3 }),
      steps: some(transform, 4),
      isMulti: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((all) =>
    all
      .map(({ target: looked, made, steps, isMulti }, i) => {
        const flags = [...(isMulti === 5 ? ['multiMatch'] : []), ...steps.map((step) => `t:${step}`)].join(',');
        const quoted = made.replaceAll('"', '\\"');
        return `SecRule ${looked} "${quoted}" "id:${101 + i},phase:4,pass,log${flags === '' ? '' : `,${flags}`}"`;
      })
      .join('\n'),
  );
