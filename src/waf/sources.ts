// From the rule sources of the configuration to one rule set: files in order, the parts of a CRS folder in CRS's own order.
import path from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { RuleSource } from '../config/model/waf.ts';
import { BUILT_IN } from './built-in.ts';
import { checkRules, KNOWN } from './check.ts';
import { CORE_FOLDER } from './core-folder.ts';
import { preparedRules } from './native/prepared.ts';
import { type NativeRules, type RuleTest, readRules } from './native/read.ts';
import { scoringRules } from './native/scoring.ts';
import type { Marker, Rule, RuleRemoval, RuleSet } from './rule.ts';
import { RuleFiles } from './rule-files.ts';
import { type ReadFile, readText } from './seclang/files.ts';
import { loadSecLang } from './seclang/load.ts';

export interface LoadedRules {
  readonly ruleSet: RuleSet;
  /** Those that stand beside native rules; of the core rules only when they were asked for. */
  readonly tests: readonly RuleTest[];
  /** What rule files took out of other rules. */
  readonly removals: readonly RuleRemoval[];
  /** Of all that was read: the same text gives the same hash. */
  readonly hash: string;
  /** All that was read, and their folders. */
  readonly files: readonly string[];
  /** Faults: with any of them the rule set must not run. */
  readonly problems: readonly Problem[];
  /** What was accepted and has no effect here. */
  readonly notices: readonly Problem[];
  /** Whether the same would be loaded now. */
  readonly isStill: () => boolean;
}

export interface LoadOptions {
  /** Reads the core rules from their text, with the tests beside them. */
  readonly withTests?: boolean;
}

/** `baseDir`: what relative names in messages and includes start from. */
export function loadRules(sources: readonly RuleSource[], baseDir: string, options: LoadOptions = {}): LoadedRules {
  const disk = new RuleFiles();
  const told: Problem[] = [];
  const files = sources.flatMap((source) => filesOf(source, disk, told));
  const tests: RuleTest[] = [];
  const checked = new Set<Rule | Marker>();
  const readOther = (file: string): readonly (Rule | Marker)[] | 'not-mine' => {
    if (!isNative(file)) return 'not-mine';
    const place = path.resolve(baseDir, file);
    const prepared = options.withTests === true ? undefined : readPrepared(place, disk.read);
    if (prepared !== undefined) {
      for (const item of prepared) checked.add(item);
      return prepared;
    }
    const native = readNative(file, place, disk.read);
    told.push(...native.problems);
    tests.push(...native.tests);
    return native.items;
  };
  const prelude = { text: BUILT_IN, file: 'built-in' };
  const loaded = loadSecLang(files, { baseDir, known: KNOWN, disk, readOther, prelude });
  const { items } = loaded.ruleSet;
  const scoring = items.some(({ source }) => isNative(source.file)) ? scoringRules() : [];
  const ruleSet = { ...loaded.ruleSet, items: [...items, ...scoring] };
  const problems = [...told, ...loaded.problems];
  if (problems.length === 0)
    problems.push(...checkRules({ items: ruleSet.items.filter((item) => !checked.has(item)) }));
  const { removals, notices } = loaded;
  const { hash, files: read } = disk;
  return { ruleSet, tests, removals, hash, files: read, problems, notices, isStill: disk.areUnchanged };
}

function filesOf(source: RuleSource, disk: RuleFiles, missing: Problem[]): string[] {
  if ('core' in source) return coreFiles(disk);
  return 'crs' in source ? crsFiles(source.crs, disk, missing) : [source.files];
}

/** No pattern of names: what reads those takes as long as all of the rules. */
function coreFiles(disk: RuleFiles): string[] {
  const names = disk.names(CORE_FOLDER).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => path.join(CORE_FOLDER, name));
}

export function isNative(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

/** A fault of the file is told when its text is read. */
function readPrepared(place: string, readFile: ReadFile): readonly (Rule | Marker)[] | undefined {
  if (path.dirname(place) !== CORE_FOLDER) return undefined;
  const read = readText(place, readFile);
  return 'fault' in read ? undefined : preparedRules(place, Buffer.from(read.text, 'latin1'));
}

function readNative(file: string, place: string, readFile: ReadFile): NativeRules {
  const read = readText(place, readFile);
  if ('fault' in read) {
    const message = `this file cannot be read: ${read.fault}`;
    return { items: [], tests: [], problems: [{ file, line: 0, column: 0, code: 'unreadable-file', message }] };
  }
  return readRules(Buffer.from(read.text, 'latin1').toString('utf8'), file);
}

/** The set-up, then plugins around the rules, as CRS documents their order. */
function crsFiles(folder: string, disk: RuleFiles, missing: Problem[]): string[] {
  const rules = path.join(folder, 'rules', '*.conf');
  if (disk.find(rules).length === 0) {
    const message = 'this is no folder of the OWASP Core Rule Set: it has no rules/*.conf';
    missing.push({ file: folder, line: 0, column: 0, code: 'unreadable-file', message });
    return [];
  }
  const setups = ['crs-setup.conf', 'crs-setup.conf.example'].map((name) => path.join(folder, name));
  const plugins = (part: string): string[] => disk.find(path.join(folder, 'plugins', `*-${part}.conf`));
  return [
    ...setups.filter((file) => disk.isThere(file)).slice(0, 1),
    ...plugins('config'),
    ...plugins('before'),
    rules,
    ...plugins('after'),
  ];
}
