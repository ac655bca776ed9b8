// `gatehouse rules test`: runs the tests that stand beside native rules, and the requests that no rule may stop.
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command } from 'commander';
import { ProblemsError } from '../../base/errors.ts';
import type { RuleSource } from '../../config/model/waf.ts';
import { compilePlan } from '../../waf/compile.ts';
import { CORE_FOLDER } from '../../waf/core-folder.ts';
import { PREPARED_FILE, prepare } from '../../waf/native/prepared.ts';
import { readHonest, readRules } from '../../waf/native/read.ts';
import { runHonest, runRuleTests, type TestFailure, untested } from '../../waf/native/run-tests.ts';
import { writeBook } from '../../waf/pattern-book.ts';
import { allPatterns } from '../../waf/pattern-store.ts';
import type { RuleSet } from '../../waf/rule.ts';
import { seedsOf } from '../../waf/score.ts';
import { loadRules } from '../../waf/sources.ts';
import { JSON_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report } from '../outcome.ts';

const PARANOIA = [1, 2, 3, 4];

interface Options {
  readonly json?: true;
  readonly prepare?: true;
}

export function testCommand(): Command {
  return new Command('test')
    .description('run the tests that stand beside rules')
    .addArgument(new Argument('[files...]', 'rule files or folders of them; none: the rules that Gatehouse brings'))
    .addOption(JSON_OPTION())
    .option('--prepare', 'when all is well with the core rules, write the form from which they are read at a start')
    .action((files: string[], options: Options) => {
      try {
        process.exitCode = run(files, options) ? DONE : FAILED;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

/** Whether nothing failed. */
function run(files: readonly string[], options: Options): boolean {
  const sources: RuleSource[] = files.length === 0 ? [{ core: true }] : files.map(sourceOf);
  const folders = files.length === 0 ? [CORE_FOLDER] : files.filter(isFolder);
  const { ruleSet, tests, problems } = loadRules(sources, process.cwd(), { withTests: true });
  const honest = folders.flatMap((folder) => globSync(path.join(folder, 'honest', '*.yaml')).sort());
  const read = honest.map((file) => readHonest(readFileSync(file, 'utf8'), file));
  const all = [...problems, ...read.flatMap((file) => file.problems)];
  if (all.length > 0) throw new ProblemsError(all);
  const requests = read.flatMap((file) => file.requests);
  const failures = [...untested(ruleSet, tests), ...runRuleTests(ruleSet, tests), ...runHonest(ruleSet, requests, 1)];
  if (options.json) printJson({ tests: tests.length, honest: requests.length, failures });
  else printFailures(failures, `${tests.length} tests of rules and ${requests.length} honest requests`);
  if (failures.length === 0 && options.prepare === true && files.length === 0) writePrepared(ruleSet);
  return failures.length === 0;
}

/** With what is known of the patterns at any level of paranoia. */
function writePrepared(ruleSet: RuleSet): void {
  const files = globSync(path.join(CORE_FOLDER, '*.yaml')).sort();
  const read = files.map((file) => {
    const text = readFileSync(file);
    return { file, text, items: readRules(text.toString('utf8'), file).items };
  });
  for (const paranoia of PARANOIA)
    compilePlan(ruleSet, seedsOf({ paranoia, detectionParanoia: paranoia, threshold: { inbound: 5, outbound: 4 } }));
  const { patterns, scans } = allPatterns();
  writeFileSync(PREPARED_FILE, prepare(read, writeBook(patterns, scans)));
}

function printFailures(failures: readonly TestFailure[], what: string): void {
  for (const { file, line, message } of failures) print(`${file}:${line}: ${message}`);
  print(`${what}: ${failures.length === 0 ? 'all as they should be' : `${failures.length} faults`}`);
}

function sourceOf(file: string): RuleSource {
  const place = path.resolve(file);
  return { files: isFolder(place) ? path.join(place, '*.yaml') : place };
}

function isFolder(file: string): boolean {
  return existsSync(file) && statSync(file).isDirectory();
}
