// Random parts of rules as text: targets, operators, transformations, effects. They speak of few names and few bytes, so
// that rules read what others write and much matches.
import fc from 'fast-check';
import { randomPattern } from '../pattern/random-pattern.ts';
import pieces from './pieces.json' with { type: 'json' };

const one = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const words = (list: string): fc.Arbitrary<string> => one(...list.split(' '));
export const some = (arbitrary: fc.Arbitrary<string>, most: number): fc.Arbitrary<string[]> =>
  fc.array(arbitrary, { maxLength: most });

/** Names in TX: some written by rules, some from settings, some that nobody writes. */
const NAMES = ['n', 'm', 's', 'pl', 'made_a', 'never'] as const;
const TEXTS = ['a', 'A', 'ab', '1', '2', '10', '', 'GET', '%41', 'x y', '/*', '\\x41', 'é'] as const;

const given = words(
  'ARGS ARGS ARGS ARGS_GET ARGS_POST ARGS_NAMES ARGS_GET_NAMES REQUEST_HEADERS REQUEST_HEADERS_NAMES REQUEST_COOKIES ' +
    'REQUEST_COOKIES_NAMES FILES MULTIPART_PART_HEADERS RESPONSE_HEADERS ENV IP GLOBAL MATCHED_VARS MATCHED_VARS_NAMES',
);
const single = words(
  'REQUEST_URI QUERY_STRING REQUEST_METHOD REQUEST_FILENAME REQUEST_BODY REQUEST_LINE REQBODY_PROCESSOR REQBODY_ERROR ' +
    'ARGS_COMBINED_SIZE RESPONSE_STATUS RESPONSE_BODY MATCHED_VAR MATCHED_VAR_NAME HIGHEST_SEVERITY REMOTE_ADDR XML:/* ' +
    'XML://@* RULE:id UNIQUE_ID',
);
const member = one('a', 'b', 'A', 'x_c', 'x.d', '/^a/', '/b/', "'/a|b/'");
const inTx = fc.oneof(one(...NAMES), one('0', '1', '2'));

const target: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: given, weight: 4 },
  { arbitrary: fc.tuple(given, member).map(([name, part]) => `${name}:${part}`), weight: 3 },
  { arbitrary: single, weight: 3 },
  { arbitrary: inTx.map((name) => `TX:${name}`), weight: 5 },
  { arbitrary: fc.oneof(given, one('TX', 'TX:/^(?:n|m)$/')).map((name) => `&${name}`), weight: 1 },
  { arbitrary: fc.tuple(given, member).map(([name, part]) => `&${name}:${part}`), weight: 1 },
  { arbitrary: inTx.map((name) => `&TX:${name}`), weight: 2 },
);
const exclusion = fc
  .tuple(given, fc.option(member))
  .map(([name, part]) => `!${name}${part === null ? '' : `:${part}`}`);
export const targets: fc.Arbitrary<string> = fc
  .tuple(fc.array(target, { minLength: 1, maxLength: 3 }), some(exclusion, 2))
  .map(([wanted, unwanted]) => [...wanted, ...unwanted].join('|'));

const MACROS = ['tx.n', 'tx.s', 'TX.1', 'tx.0', 'tx.pl', 'MATCHED_VAR', 'MATCHED_VAR_NAME', 'ARGS.a', 'REQUEST_METHOD'];
const macro = one(...MACROS, 'ENV.e', 'ip.n', 'global.m', 'RULE.id', 'tx.never', 'HIGHEST_SEVERITY', 'nothing').map(
  (name) => `%{${name}}`,
);
const text = fc.oneof({ arbitrary: one(...TEXTS), weight: 3 }, { arbitrary: macro, weight: 2 });
const number = fc.oneof({ arbitrary: one('0', '1', '2', '3', '-1'), weight: 3 }, { arbitrary: macro, weight: 1 });

/** Those of this folder, and patterns of any kind over a few bytes. */
export const pattern: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: one(...pieces.patterns), weight: 2 },
  { arbitrary: randomPattern.map(({ pcre }) => pcre), weight: 1 },
);
const test: fc.Arbitrary<string> = fc
  .oneof(
    { arbitrary: pattern.map((rx) => `@rx ${rx}`), weight: 6 },
    { arbitrary: one(...pieces.phrases).map((words) => `@pm ${words}`), weight: 2 },
    {
      arbitrary: fc.tuple(
        one('streq', 'contains', 'within', 'beginsWith', 'endsWith', 'containsWord', 'strmatch'),
        text,
      ),
      weight: 3,
    },
    { arbitrary: fc.tuple(one('eq', 'ge', 'gt', 'le', 'lt'), number), weight: 6 },
    { arbitrary: one('32-126', '65-90,97-122', '1-255').map((range) => `@validateByteRange ${range}`), weight: 1 },
    {
      arbitrary: one('@detectSQLi', '@detectXSS', '@unconditionalMatch', '@noMatch', '@validateUrlEncoding'),
      weight: 2,
    },
    { arbitrary: one('@validateUtf8Encoding', '@ipMatch 192.0.2.0/24', '@rx ^%{tx.s}$', '@rx %{tx.n}'), weight: 1 },
  )
  .map((made) => (typeof made === 'string' ? made : `@${made[0]} ${made[1]}`));
export const operator: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 0, max: 4 }), test)
  .map(([no, made]) => (no === 0 ? `!${made}` : made));

export const transform: fc.Arbitrary<string> = one(...pieces.transforms);
export const chain: fc.Arbitrary<string[]> = some(transform, 3).map((steps) => steps.map((name) => `t:${name}`));

const written = fc.oneof(
  one('tx.n', 'tx.m', 'tx.s', 'tx.pl', 'ip.n', 'global.m'),
  one('tx.made_%{ARGS.a}', 'tx.%{tx.s}n'),
);
const setvar: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(written, text).map(([name, value]) => `setvar:'${name}=${value}'`),
  fc.tuple(written, one('+', '-'), number).map(([name, sign, value]) => `setvar:'${name}=${sign}${value}'`),
  written.map((name) => `setvar:'!${name}'`),
  written.map((name) => `setvar:'${name}'`),
);
const which = one('ById=101', 'ById=102-104', 'ByTag=red', 'ByMsg=^first');
const control = fc.oneof(
  which.map((rules) => `ctl:ruleRemove${rules}`),
  fc
    .tuple(which, given, fc.option(member))
    .map(([rules, name, part]) => `ctl:ruleRemoveTarget${rules};${name}${part === null ? '' : `:${part}`}`),
  fc.tuple(which, inTx).map(([rules, name]) => `ctl:ruleRemoveTarget${rules};TX:${name}`),
  one('ctl:ruleEngine=DetectionOnly', 'ctl:ruleEngine=Off', 'ctl:auditEngine=Off', 'ctl:forceRequestBodyVariable=On'),
  one('ctl:requestBodyProcessor=JSON', 'ctl:requestBodyProcessor=URLENCODED', 'ctl:requestBodyProcessor=XML'),
);
/** What a link does: mostly it writes to TX. */
export const effect: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: setvar, weight: 6 },
  { arbitrary: control, weight: 2 },
  { arbitrary: one('initcol:ip=%{REMOTE_ADDR}', 'initcol:global=all', "setenv:'e=%{tx.n}'", 'setenv:a=A'), weight: 1 },
);
