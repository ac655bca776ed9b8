// The core rules as rule objects, with what is known of their patterns, so that a start need not read their YAML nor a
// pattern: `rules/core.prepared` has them by file, each with the hash of the text it was made of. A file that was changed
// since is read from its text, and a prepared file that is damaged or of another engine is none.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CORE_FOLDER } from '../core-folder.ts';
import { type BookText, PatternBook } from '../pattern-book.ts';
import { useBook } from '../pattern-store.ts';
import type { Marker, Rule } from '../rule.ts';

type Items = readonly (Rule | Marker)[];

export const PREPARED_FILE: string = path.join(CORE_FOLDER, '..', 'core.prepared');

/** Another one where the same text of a pattern comes to another analysis or automaton, or the file has another form. */
const ENGINE = 'gatehouse 1';

export interface Prepared {
  readonly files: Readonly<Record<string, { readonly hash: string; readonly items: Items }>>;
  readonly book: BookText;
}

/** The rules of a file of the core set, which were checked when they were prepared; undefined: it is none, or has changed. */
export function preparedRules(file: string, text: Uint8Array): Items | undefined {
  if (path.dirname(file) !== CORE_FOLDER) return undefined;
  const found = read()?.files[path.basename(file)];
  return found?.hash === hashOf(text) ? found.items.map((item) => placed(item, file)) : undefined;
}

/** The text of the prepared file. `files`: what each file says, and the rules that it comes to. */
export function prepare(
  files: readonly { readonly file: string; readonly text: Uint8Array; readonly items: Items }[],
  { sets, patterns, scans }: BookText,
): string {
  const entries = files.map(({ file, text, items }): [string, object] => {
    const unplaced = items.map((item) => placed(item, ''));
    return [path.basename(file), { hash: hashOf(text), items: unplaced }];
  });
  const book = `{"sets":${JSON.stringify(sets)},\n"patterns":${lines(patterns)},\n"scans":${lines(scans)}}`;
  const body = `{"files":${lines(Object.fromEntries(entries))},\n"book":${book}}\n`;
  return `${sealOf(body)}\n${body}`;
}

/** An entry a line. */
function lines(record: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{\n${entries.join(',\n')}\n}`;
}

let known: Prepared | null | undefined;

function read(): Prepared | null {
  if (known === undefined) {
    known = readPrepared();
    if (known !== null) useBook(new PatternBook(known.book));
  }
  return known;
}

function readPrepared(): Prepared | null {
  try {
    return parsePrepared(readFileSync(PREPARED_FILE, 'utf8'));
  } catch {
    return null;
  }
}

/** null: the text is damaged, or was written by another engine. */
export function parsePrepared(text: string): Prepared | null {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  return sealOf(body) === text.slice(0, end) ? (JSON.parse(body) as Prepared) : null;
}

function sealOf(body: string): string {
  return createHash('sha256').update(ENGINE).update('\n').update(body).digest('hex');
}

function hashOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Where a rule stands is known only when it is read. */
function placed(item: Rule | Marker, file: string): Rule | Marker {
  if (item.source.file === 'built-in') return item;
  const source = { file, line: item.source.line };
  if (item.kind === 'marker') return { ...item, source };
  return { ...item, source, links: item.links.map((link) => ({ ...link, source: { file, line: link.source.line } })) };
}
