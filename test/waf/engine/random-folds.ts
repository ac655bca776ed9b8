// Random rule sets about a few numbers in TX: most of it can be decided at load, and a request can upset any of it.
import fc from 'fast-check';
import type { Sent } from './support.ts';

const one = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const words = (list: string): fc.Arbitrary<string> => one(...list.split(' '));

const name = words('n n m k');
const digit = words('0 1 2');
const number = fc.oneof({ arbitrary: digit, weight: 4 }, { arbitrary: name.map((of) => `%{tx.${of}}`), weight: 1 });

const effect = fc.oneof(
  { arbitrary: fc.tuple(name, number).map(([of, value]) => `setvar:'tx.${of}=${value}'`), weight: 5 },
  {
    arbitrary: fc.tuple(name, words('+ -'), number).map(([of, sign, by]) => `setvar:'tx.${of}=${sign}${by}'`),
    weight: 3,
  },
  { arbitrary: name.map((of) => `setvar:!tx.${of}`), weight: 1 },
  { arbitrary: words("setvar:'tx.%{ARGS.a}=2' setvar:'tx.%{tx.k}m=1'"), weight: 1 },
);
const control = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(3)).map(([from, more]) => `ctl:ruleRemoveById=${101 + from}-${101 + from + more}`),
  fc.tuple(fc.nat(9), name).map(([at, of]) => `ctl:ruleRemoveTargetById=${101 + at};TX:${of}`),
);

const compare = fc.tuple(words('@eq @eq @ge @lt !@eq @gt'), number).map((both) => both.join(' '));
const inTx = fc.oneof(
  { arbitrary: name.map((of) => `TX:${of}`), weight: 5 },
  { arbitrary: fc.tuple(name, name).map(([a, b]) => `TX:${a}|TX:${b}`), weight: 2 },
  { arbitrary: name.map((of) => `&TX:${of}`), weight: 1 },
);
const known = fc.oneof(
  { arbitrary: fc.tuple(inTx, compare), weight: 6 },
  {
    arbitrary: fc.tuple(
      inTx,
      words('@unconditionalMatch (.)').map((made) => (made === '(.)' ? '@rx (.)' : made)),
    ),
    weight: 1,
  },
);
const asked = fc.tuple(
  words('ARGS:a ARGS:b ARGS'),
  words('^1 ^2 .').map((rx) => `@rx ${rx}`),
);

const test = ([target, operator]: readonly [string, string]): string => `SecRule ${target} "${operator}"`;
const condition = fc.oneof(
  { arbitrary: known.map(test), weight: 5 },
  { arbitrary: asked.map(test), weight: 3 },
  { arbitrary: fc.constant('SecAction'), weight: 4 },
);
const effects = fc.oneof(
  { arbitrary: fc.array(effect, { maxLength: 2 }), weight: 6 },
  { arbitrary: control.map((only) => [only]), weight: 1 },
);
const link = fc.tuple(condition, effects, fc.nat(7)).map(([on, done, capture]) => ({
  on,
  done: capture === 7 && on !== 'SecAction' ? [...done, 'capture'] : done,
}));

const silent = fc.constant(['nolog', 'pass']);
const head = fc.tuple(
  words('1 1 2 2 3 5'),
  fc.oneof(
    { arbitrary: silent, weight: 6 },
    {
      arbitrary: fc.constant(['log', 'pass', "logdata:'%{tx.n} %{tx.m} %{tx.k} %{tx.1} %{HIGHEST_SEVERITY}'"]),
      weight: 3,
    },
    { arbitrary: words('deny allow allow:phase allow:request').map((action) => ['nolog', action]), weight: 2 },
  ),
  fc.oneof(
    { arbitrary: fc.constant<string[]>([]), weight: 6 },
    { arbitrary: words('skip:1 skip:2 skipAfter:E skipAfter:F severity:2').map((only) => [only]), weight: 3 },
  ),
);
const rule = fc.tuple(head, fc.array(link, { minLength: 1, maxLength: 3 }), fc.nat(5));

/** Up to ten rules, and one in each phase that tells what is in TX. */
export const randomFolds: fc.Arbitrary<string> = fc.array(rule, { minLength: 2, maxLength: 10 }).map((rules) =>
  [
    ...rules.flatMap(([[phase, what, jump], links, marker], i) => [
      ...(marker < 2 ? [`SecMarker ${marker === 0 ? 'E' : 'F'}`] : []),
      ...links.slice(0, i % 3 === 0 ? 3 : 1).map(({ on, done }, at, all) => {
        const first = at === 0 ? [`id:${101 + i}`, `phase:${phase}`, ...what, ...jump] : [];
        return `${on} "${[...first, ...done, ...(at < all.length - 1 ? ['chain'] : []), 't:none'].join(',')}"`;
      }),
    ]),
    'SecMarker E',
    'SecMarker F',
    ...[1, 2, 3, 5].map(
      (phase) =>
        `SecAction "id:90${phase},phase:${phase},logdata:'%{tx.n} %{tx.m} %{tx.k} %{tx.1} %{HIGHEST_SEVERITY}'"`,
    ),
  ].join('\n'),
);

/** What can upset it. */
export const upsettingExchange: fc.Arbitrary<Sent> = words(
  '/ /?a=1 /?b=1 /?a=2 /?a=1&b=2 /?a=n&b=1 /?a=m /?a=12&b=21',
).map((target) => ({ target }));
