import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findWitness } from '../../src/tuning/lint/backtracking.ts';
import type { LintFinding } from '../../src/tuning/lint/finding.ts';
import { parsePattern } from '../../src/waf/pattern/parse.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

const MANY = Array.from(
  { length: 30 },
  (_, i) => `SecRule ARGS "@contains w${i}" "id:${500 + i},phase:2,deny,tag:'t/${i % 3}'"\n`,
).join('');

async function lint(
  rules: string,
  waf = '',
  files: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
) {
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'own.conf'), rules);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
    await writeFile(path.join(cwd, name), text);
  }
  const yaml = `admin: { socket: false }\nsites:\n  a.test:\n    to: "http://127.0.0.1:1"\n    waf: { rules: [own.conf], ${waf} }\n`;
  await writeFile(path.join(cwd, 'gatehouse.yaml'), yaml);
  const { code, stdout, stderr } = await runCli(['rules', 'lint', '--json', ...args], { cwd });
  const found = JSON.parse(stdout) as LintFinding[];
  return {
    code,
    stderr,
    found: found.map((each) => [each.code, each.line, each.level] as const),
    messages: found.map(({ message }) => message),
  };
}

describe('gatehouse rules lint', () => {
  test('has nothing to say of rules that are as they should be', async () => {
    expect(
      await lint(`${MANY}SecMarker END\n`, 'exceptions: [{ rules: [500], fields: [args.a], reason: why }]'),
    ).toMatchObject({
      code: 0,
      found: [],
    });
  });

  test.for([
    [
      'an exception of no loaded rule',
      MANY,
      'exceptions: [{ rules: [7], fields: [args.a], reason: x }]',
      [['exception-unmatched', 5, 'warning']],
    ],
    [
      'one of a tag that no rule has',
      MANY,
      'exceptions: [{ rules: ["tag:none"], fields: [args.a], reason: x }]',
      [['exception-unmatched', 5, 'warning']],
    ],
    [
      'one that has ended',
      MANY,
      'exceptions: [{ rules: [500], fields: [args.a], reason: x, expires: 2020-01-01 }]',
      [['exception-expired', 5, 'warning']],
    ],
    [
      'one that takes everything away',
      MANY,
      'exceptions: [{ rules: [1-999], reason: x }]',
      [['exception-wide', 5, 'warning']],
    ],
    [
      'one of all fields by any way',
      MANY,
      'exceptions: [{ rules: ["tag:t/*"], fields: [args.*], path: "/**", reason: x }]',
      [['exception-wide', 5, 'warning']],
    ],
    [
      'one on a field that its rules do not look at',
      MANY,
      'exceptions: [{ rules: [500], fields: [args.a, cookies.a], reason: x }]',
      [['exception-field-unseen', 5, 'warning']],
    ],
    [
      'one without a reason',
      MANY,
      'exceptions: [{ rules: [500], fields: [args.a] }]',
      [['exception-unexplained', 5, 'note']],
    ],
    [
      'a removal of no rule',
      `${MANY}SecRuleRemoveById 999\nSecRuleUpdateTargetByTag none "!ARGS:a"\n`,
      '',
      [
        ['removal-unmatched', 31, 'warning'],
        ['removal-unmatched', 32, 'warning'],
      ],
    ],
    [
      'a rule that is always jumped over',
      `SecAction "id:1,phase:2,pass,nolog,skipAfter:END"\nSecRule ARGS "@rx a" "id:2,phase:2,deny"\nSecMarker END\n${MANY}`,
      '',
      [['rule-unreachable', 2, 'warning']],
    ],
    [
      'a rule behind one that ends everything',
      `SecAction "id:1,phase:1,deny"\nSecRule REQUEST_URI "@rx a" "id:2,phase:1,deny"\n${MANY}`,
      '',
      [['rule-unreachable', 2, 'warning']],
    ],
    [
      'a rule that is left out by number',
      `SecAction "id:1,phase:2,pass,nolog,skip:1"\n${MANY}`,
      '',
      [['rule-unreachable', 2, 'warning']],
    ],
    [
      'a rule that looks at nothing any more',
      `${MANY}SecRuleUpdateTargetById 503 "!ARGS"\n`,
      '',
      [['rule-unreachable', 4, 'warning']],
    ],
    ['rules that are on, and none is loaded', '# nothing\n', '', [['no-rules', 0, 'warning']]],
    ['an include that matches nothing', `${MANY}IncludeOptional none/*.conf\n`, '', [['empty-include', 31, 'note']]],
    [
      'rules for answers that are not inspected',
      `${MANY}SecRule RESPONSE_STATUS "@streq 500" "id:9,phase:3,deny"\n`,
      '',
      [['answers-unseen', 0, 'note']],
    ],
    [
      'a pattern that backtracks',
      `${MANY}SecRule ARGS "@rx ^(a+)+b" "id:9,phase:2,deny"\n`,
      '',
      [['pattern-backtracks', 31, 'note']],
    ],
  ] as const)('finds %s', async ([, rules, waf, expected]) => {
    const { found, code } = await lint(rules, waf);
    expect(found).toEqual(expected);
    expect(code).toBe(expected.some(([, , level]) => level === 'warning') ? 1 : 0);
  });

  test('finds exceptions that no recorded request needs', async () => {
    const line = { v: 1, target: '/?a=w1', site: 'a.test', method: 'GET', headers: ['host', 'a.test'] };
    const exceptions =
      'exceptions:\n      [{ rules: [501], fields: [args.a], reason: x },\n      { rules: [502], fields: [args.a], reason: x }]';
    const { found } = await lint(MANY, exceptions, { 'traffic/x.jsonl': JSON.stringify(line) }, [
      '--traffic',
      'traffic',
    ]);
    expect(found).toEqual([['exception-unused', 7, 'note']]);
  });

  test('of rules that do not load tells why: two with one number', async () => {
    const cwd = await temporaryFolder();
    const twice = 'SecRule ARGS "@rx a" "id:1,phase:2,deny"\n'.repeat(2);
    await writeFile(path.join(cwd, 'own.conf'), twice);
    await writeFile(
      path.join(cwd, 'gatehouse.yaml'),
      'sites: { a.test: { to: "http://a", waf: { rules: [own.conf] } } }\n',
    );
    const { code, stderr } = await runCli(['rules', 'lint'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/own\.conf:2:.*the id 1 is already taken.*duplicate-id/)]);
  });
});

describe('a witness', () => {
  test.for([
    ['(a+)+$', 'exponential'],
    ['^(a|aa)+$', 'exponential'],
    ['^(\\w+\\s?)*$', 'exponential'],
    ['a*a*a*a*b', 'polynomial'],
    ['\\s*\\s*\\s*=', 'polynomial'],
    ['"(?:[^"\\\\]|\\\\.)*;$', undefined],
    ['^\\s+|\\s+$', undefined],
    ['(?i)union.{0,20}select', undefined],
    ['[a-z]+@[a-z]+\\.com', undefined],
    ['(?>a+)+b', undefined],
  ] as const)('of %s is %s', ([pattern, growth]) => {
    expect(findWitness(pattern)?.growth).toBe(growth);
  });

  test('is looked for in bounded time, whatever the pattern', () => {
    const pieces = fc.constantFrom(
      'a',
      'b',
      '(a|b)',
      '[ab]*',
      'a+',
      '(a*b?)*',
      '.*',
      '\\b',
      '^',
      '$',
      'x{2,9}',
      '|',
      '(?:a|aa)+',
      '(?=a)',
      '(?>a*)',
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 6 }), (parts) => {
        const pattern = parts.join('');
        try {
          parsePattern(pattern);
        } catch {
          return;
        }
        findWitness(pattern);
      }),
      { numRuns: 30 },
    );
  });
});
