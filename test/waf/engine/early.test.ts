// What is read of a body before it is refused. Whoever stops early must come to the verdict of whoever reads it all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Engine } from '../../../src/waf/engine.ts';
import type { Outcome } from '../../../src/waf/finding.ts';
import { done, engineOf, exchange, form, parseRules, type Sent, type Settings, written } from './support.ts';

const RUNS = Number(process.env.WAF_RUNS ?? 400);

const SCORES = `
SecRule ARGS "@rx evil" "id:1,phase:2,pass,log,setvar:tx.score=+5"
SecRule ARGS "@rx odd" "id:2,phase:2,pass,log,setvar:tx.score=+1"`;
const DECIDES = `
SecRule TX:score "@ge 5" "id:9,phase:2,deny,status:403,log"`;

/** One exchange, looked at after each value, and the same with nothing decided before the end. */
function bothWays(text: string, sent: Sent, settings: Settings = {}): { early: Outcome; late: Outcome } {
  const { plan, options } = engineOf(parseRules(text), settings);
  const run = (judgeFrom: number): Outcome => exchange(new Engine(plan, { ...options, judgeFrom }).begin(), sent);
  return { early: run(0), late: run(Infinity) };
}

test('a body that is refused already is read no further', () => {
  const { early, late } = bothWays(SCORES + DECIDES, form('a=odd&b=evil&c=evil&d=odd'));
  expect(done(early.intervention)).toBe('deny 403 9');
  expect(written(early)).toEqual(['1 ARGS:b', '2 ARGS:a', '9 TX:score']);
  expect(written(late)).toEqual(['1 ARGS:c', '2 ARGS:d', '9 TX:score']);
});

test('a body that is not refused is read to its end, and every rule is counted once', () => {
  const { early, late } = bothWays(SCORES + DECIDES, form('a=odd&b=odd&c=odd&d=odd'));
  expect(written(early)).toEqual(['2 ARGS:d']);
  expect(early).toEqual(late);
});

test('a rule that looks at the whole body too decides by what it finds in the values', () => {
  const { early } = bothWays('SecRule ARGS|REQUEST_BODY "@rx ^evil" "id:5,phase:2,deny,log"', form('a=evil&b=evil'));
  expect(written(early)).toEqual(['5 ARGS:a']);
});

test('a gateway that only detects reads every body to its end', () => {
  const { early, late } = bothWays(SCORES + DECIDES, form('b=evil&c=evil'), { mode: 'detectionOnly' });
  expect(written(early)).toEqual(['1 ARGS:c', '9 TX:score']);
  expect(early.suppressed).toEqual(late.suppressed);
});

test.for([
  ['takes the rule away', 'SecRule ARGS:z "@streq 1" "id:5,phase:2,pass,nolog,ctl:ruleRemoveById=1"'],
  ['takes the field away', 'SecRule ARGS:z "@streq 1" "id:5,phase:2,pass,nolog,ctl:ruleRemoveTargetById=1;ARGS:a"'],
  ['lets the request through', 'SecRule ARGS:z "@streq 1" "id:5,phase:2,allow,nolog"'],
  ['leaves rules out', 'SecRule ARGS:z "@streq 1" "id:5,phase:2,pass,nolog,skip:1"'],
  ['lowers the score', 'SecRule ARGS:z "@streq 1" "id:5,phase:2,pass,nolog,setvar:tx.score=-3"'],
])('what comes later in a body and %s is waited for', ([, text]) => {
  const { early } = bothWays(`${text}${SCORES}${DECIDES}`, form('a=evil&z=1'));
  expect(early.intervention).toBeUndefined();
});

test.for([
  ['SecRule &ARGS:token "@eq 0" "id:5,phase:2,deny,log"', 'a=1&token=2'],
  [
    'SecRule ARGS:token "@streq 2" "id:5,phase:2,pass,nolog,setvar:tx.known=1"\nSecRule TX:known "!@eq 1" "id:6,phase:2,deny,log"\nSecRule &TX:known "@eq 0" "id:7,phase:2,deny,log"',
    'a=1&token=2',
  ],
  ['SecRule ARGS|REQUEST_BODY "!@rx ." "id:5,phase:2,deny,log"', 'a=1&token=2'],
  ['SecRule ARGS|REQUEST_BODY "@rx ^$" "id:5,phase:2,deny,log"', 'a=1&token=2'],
  ['SecRule ARGS_COMBINED_SIZE "@lt 5" "id:5,phase:2,deny,log"', 'a=1&token=2'],
  ['SecRule ARGS "@rx ." "id:5,phase:2,deny,log,chain"\nSecRule MATCHED_VAR "@streq 1" "t:none"', 'a=1&token=2'],
] as const)('a rule that a later value could contradict does not decide early: %s', ([text, body]) => {
  const { early, late } = bothWays(text, form(body));
  expect(late.intervention).toBeUndefined();
  expect(early).toEqual(late);
});

const words = (list: string): fc.Arbitrary<string> => fc.constantFrom(...list.split(' '));
const list = (of: fc.Arbitrary<string>, minLength: number, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(of, { minLength, maxLength });

const targets = list(
  words(
    'ARGS ARGS ARGS:a ARGS_NAMES ARGS_GET &ARGS &ARGS:b REQUEST_HEADERS:b TX:n TX:n TX:m &TX:n TX:1 MATCHED_VARS MATCHED_VAR REQUEST_BODY ARGS_COMBINED_SIZE QUERY_STRING',
  ),
  1,
  2,
).map((all) => all.join('|'));
const operator = fc
  .tuple(words('@rx @rx !@rx @streq @eq !@eq @ge @ge @gt @lt'), words('a b 1 2 3 %{tx.m} %{ARGS.a}'))
  .map(([name, argument]) => `"${name} ${name.endsWith('rx') && argument.includes('%') ? '(a)' : argument}"`);
const effect = fc.oneof(
  { arbitrary: words('setvar:tx.n=+1 setvar:tx.n=+2 setvar:tx.m=+1 setvar:tx.n=+%{tx.m} capture'), weight: 8 },
  {
    arbitrary: words(
      'setvar:tx.n=-1 setvar:tx.m=0 setvar:!tx.n setvar:tx.%{MATCHED_VAR}=1 setvar:ip.n=+1 ctl:ruleRemoveById=102 skip:1 allow',
    ),
    weight: 1,
  },
);
const rule = fc
  .record({
    links: fc.array(fc.tuple(targets, operator, list(effect, 0, 2)), { minLength: 1, maxLength: 2 }),
    phase: words('2 2 2 1'),
    ends: words('pass pass deny'),
  })
  .map(
    ({ links, phase, ends }) =>
      (id: number) =>
        links
          .map(([looked, made, effects], i) => {
            const isLast = i === links.length - 1;
            const own = effects.filter((each) => i === 0 || (each !== 'allow' && !each.startsWith('skip')));
            const first = [`id:${id}`, `phase:${phase}`, own.includes('allow') ? 'log' : ends, 'log'];
            return `SecRule ${looked} ${made} "${[...(i === 0 ? first : []), 't:none', ...own, ...(isLast ? [] : ['chain'])].join(',')}"`;
          })
          .join('\n'),
  );
/** What most rule sets are made of: points for values, and a rule that looks at the points. */
const count = words(
  'setvar:tx.n=+1 setvar:tx.n=+1 setvar:tx.n=+2 setvar:tx.n=-1 setvar:tx.n=0 setvar:!tx.n setvar:tx.m=+1 setvar:tx.m=-1 setvar:tx.n=+%{tx.m}',
);
const counts = fc
  .tuple(words('ARGS ARGS:a ARGS_NAMES'), words('a b 1 2 3'), fc.oneof({ arbitrary: count, weight: 4 }, effect))
  .map(
    ([looked, argument, done]) =>
      (id: number) =>
        `SecRule ${looked} "@rx ${argument}" "id:${id},phase:2,${done === 'allow' ? 'log' : 'pass,log'},t:none,${done}"`,
  );
const decides = fc.tuple(words('TX:n TX:n TX:m'), words('@ge @gt @eq !@eq @lt @le'), words('1 2 3 %{tx.m}')).map(
  ([looked, name, argument]) =>
    (id: number) =>
      `SecRule ${looked} "${name} ${argument}" "id:${id},phase:2,deny,log,t:none"`,
);
const ruleSets = fc
  .array(
    fc.oneof({ arbitrary: rule, weight: 2 }, { arbitrary: counts, weight: 2 }, { arbitrary: decides, weight: 1 }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((all) => all.map((make, i) => make(101 + i)).join('\n'));
const pairs = fc.array(fc.tuple(words('a b c'), words('a b ab 1 2 3')), { maxLength: 6 });
const textOf = (all: readonly (readonly string[])[]): string => all.map((pair) => pair.join('=')).join('&');
const posts: fc.Arbitrary<Sent> = fc.tuple(pairs, pairs, words('a 1')).map(([asked, sent, header]) => {
  const post = form(textOf(sent));
  return { ...post, target: `/?${textOf(asked)}`, headers: [...(post.headers ?? []), 'b', header] };
});

test('random rules come to the same verdict early and late', { timeout: 3_600_000 }, () => {
  fc.assert(
    fc.property(ruleSets, posts, (text, sent) => {
      const { early, late } = bothWays(text, sent);
      expect(early.intervention === undefined, text).toBe(late.intervention === undefined);
      if (late.intervention === undefined) expect(early, text).toEqual(late);
      else expect(late.score.inbound, text).toBeGreaterThanOrEqual(early.score.inbound);
    }),
    { numRuns: RUNS },
  );
});
