// Rule files to a rule set: reads them in order, follows Include, and checks what can only be known at the end.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../../base/errors.ts';
import type { Marker, Rule, RuleRemoval, RuleSet, Source } from '../rule.ts';
import { applyDirective } from './apply.ts';
import { Assembly } from './assembly.ts';
import type { Directive } from './directives.ts';
import { argumentValue, readDirective } from './directives.ts';
import { Faults } from './faults.ts';
import type { ReadFailure, ReadFile } from './files.ts';
import { findFiles, maxFiles, readDataLines, readFromDisk, readText, resolveIn } from './files.ts';
import type { Known } from './known.ts';
import { logicalLines } from './lines.ts';
import type { Span } from './span.ts';
import { fromBytes } from './span.ts';
import { applyUpdates } from './updates.ts';

export interface LoadOptions {
  /** The folder that relative names belong to. */
  readonly baseDir: string;
  readonly known: Known;
  /** Rules that stand before all files, and give way to rules of the same number in these. */
  readonly prelude?: { readonly text: string; readonly file: string };
  /** How a file is read by its absolute path, and what names mean; absent: from disk. */
  readonly disk?: { readonly read: ReadFile; readonly find?: typeof findFiles };
  /** Reads a file that is of another notation; its faults are told by who reads it. `not-mine`: the file is SecLang. */
  readonly readOther?: (file: string) => readonly (Rule | Marker)[] | 'not-mine';
}

export interface Loaded {
  /** To be used only when there are no problems. */
  readonly ruleSet: RuleSet;
  readonly removals: readonly RuleRemoval[];
  /** Every fault, in the order it was found. */
  readonly problems: Problem[];
  /** What was accepted and has no effect here, each with what governs it. */
  readonly notices: Problem[];
}

/** How deep files may include each other. */
const maxIncludeDepth = 16;

/**
 * Loads rule files (names or patterns) in the given order as one set. Nothing is skipped: what is not understood or not
 * available is a problem with its place. Every fault is collected; it does not throw for what a file holds.
 */
export function loadSecLang(files: readonly string[], options: LoadOptions): Loaded {
  const loading = new Loading(options);
  for (const pattern of files) loading.loadNamed(pattern);
  return loading.finish();
}

/** Loads one text as if it were a file of that name, for rules that do not stand in a file of their own. */
export function parseSecLang(text: string, file: string, options: LoadOptions): Loaded {
  const loading = new Loading(options);
  loading.loadText(text, file);
  return loading.finish();
}

class Loading {
  readonly #options: LoadOptions;
  readonly #readFile: ReadFile;
  readonly #find: typeof findFiles;
  readonly #faults = new Faults();
  readonly #assembly: Assembly;
  /** Absolute paths of the files being read, the innermost last. */
  readonly #open: string[] = [];
  #folder: string;
  #fileCount = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#readFile = options.disk?.read ?? readFromDisk;
    this.#find = options.disk?.find ?? findFiles;
    this.#folder = options.baseDir;
    const readLines = (names: Span): readonly string[] | undefined =>
      readDataLines(names, this.#folder, this.#readFile, this.#faults);
    const { prelude } = options;
    this.#assembly = new Assembly({ known: options.known, faults: this.#faults, readLines }, prelude?.file);
    if (prelude !== undefined) this.loadText(prelude.text, prelude.file);
  }

  loadNamed(pattern: string): void {
    const found = this.#find(pattern, this.#options.baseDir);
    if (found.length === 0) this.#faults.addToFile(pattern, 'unreadable-file', 'no file has a name like this');
    for (const file of found) {
      const other = this.#options.readOther?.(file) ?? 'not-mine';
      if (other !== 'not-mine') {
        this.#assembly.addComplete(other);
        continue;
      }
      const failed = this.#loadFile(file);
      if (failed === undefined) continue;
      this.#faults.addToFile(file, 'unreadable-file', `this file cannot be read: ${failed.fault}`);
    }
  }

  loadText(text: string, file: string): void {
    for (const line of logicalLines(text, file)) {
      const directive = readDirective(line, this.#faults);
      if (directive?.key === 'include' || directive?.key === 'includeoptional') this.#include(directive);
      else if (directive !== undefined) applyDirective(directive, this.#assembly);
    }
    this.#assembly.endChain();
  }

  finish(): Loaded {
    const { items, removals } = applyUpdates(this.#assembly);
    checkMarkers(items, this.#assembly.items, this.#faults);
    const { settings, components } = this.#assembly;
    return {
      ruleSet: { items, settings, components },
      removals,
      problems: this.#faults.problems(),
      notices: this.#faults.notices(),
    };
  }

  /** Why the file cannot be read; undefined: it was. */
  #loadFile(file: string): ReadFailure | undefined {
    const path = resolve(resolveIn(this.#options.baseDir, file));
    if (this.#open.includes(path)) return failure('it includes itself');
    if (this.#open.length >= maxIncludeDepth)
      return failure(`files include each other more than ${maxIncludeDepth} deep`);
    this.#fileCount += 1;
    if (this.#fileCount > maxFiles) return failure(`there are more than ${maxFiles} files`);
    const read = readText(path, this.#readFile);
    if ('fault' in read) return read;
    const outer = this.#folder;
    this.#open.push(path);
    this.#folder = dirname(path);
    this.loadText(read.text, file);
    this.#folder = outer;
    this.#open.pop();
    return undefined;
  }

  /** Names are relative to the file that includes them. */
  #include({ name, key, args }: Directive): void {
    const [arg] = args;
    if (arg === undefined || args.length > 1 || arg.text === '') {
      this.#faults.add(name, 'bad-include', `${name.text} takes one name of a file, or a pattern`);
      return;
    }
    this.#assembly.endChain();
    const isOptional = key === 'includeoptional';
    const pattern = resolveIn(dirname(name.line.file), fromBytes(argumentValue(arg).text));
    const found = this.#find(pattern, this.#options.baseDir);
    if (found.length === 0) {
      const text = `no file has a name like ${pattern}`;
      if (isOptional) this.#faults.note(arg, 'empty-include', text);
      else this.#faults.add(arg, 'bad-include', text);
    }
    for (const file of found) {
      const failed = this.#loadFile(file);
      if (failed === undefined || (isOptional && failed.isAbsent)) continue;
      this.#faults.add(arg, 'bad-include', `${file} cannot be read: ${failed.fault}`);
    }
  }
}

function failure(fault: string): ReadFailure {
  return { fault, isAbsent: false };
}

/** A jump to a marker that does not stand further down would leave out every rule that follows. */
function checkMarkers(items: readonly (Rule | Marker)[], drafts: Assembly['items'], faults: Faults): void {
  const places = new Map<Source, Span>();
  for (const draft of drafts) {
    const head = draft.kind === 'draft' ? draft.links[0] : undefined;
    if (head !== undefined) places.set(head.source, head.at);
  }
  const below = new Set<string>();
  for (const item of items.toReversed()) {
    if (item.kind === 'marker') below.add(item.name);
    const wanted = item.kind === 'rule' ? item.skipAfter : undefined;
    const place = places.get(item.source);
    if (wanted === undefined || below.has(wanted) || place === undefined) continue;
    faults.add(place, 'unknown-marker', `this rule skips to ${wanted}, and no marker of that name stands further down`);
  }
}
