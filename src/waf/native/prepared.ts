// The core rules as rule objects, so that a start need not read their YAML: `rules/core.prepared` has them by file, each
// with the hash of the text it was made of. A file that was changed since is read from its text.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CORE_FOLDER } from '../core-folder.ts';
import type { Marker, Rule } from '../rule.ts';

type Items = readonly (Rule | Marker)[];

export const PREPARED_FILE: string = path.join(CORE_FOLDER, '..', 'core.prepared');

type Prepared = Readonly<Record<string, { readonly hash: string; readonly items: Items }>>;

/** The rules of a file of the core set; undefined: it is none, or has changed. */
export function preparedRules(file: string, text: Uint8Array): Items | undefined {
  if (path.dirname(file) !== CORE_FOLDER) return undefined;
  const found = read()[path.basename(file)];
  return found?.hash === hashOf(text) ? found.items.map((item) => placed(item, file)) : undefined;
}

/** The text of the prepared file. `files`: what each file says, and the rules that it comes to. */
export function prepare(
  files: readonly { readonly file: string; readonly text: Uint8Array; readonly items: Items }[],
): string {
  const entries = files.map(({ file, text, items }) => {
    const unplaced = items.map((item) => placed(item, ''));
    return `${JSON.stringify(path.basename(file))}:${JSON.stringify({ hash: hashOf(text), items: unplaced })}`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

let known: Prepared | undefined;

function read(): Prepared {
  known ??= parse();
  return known;
}

/** Without it, or with a damaged one, the rules are read from their text. */
function parse(): Prepared {
  try {
    return JSON.parse(readFileSync(PREPARED_FILE, 'utf8')) as Prepared;
  } catch {
    return {};
  }
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
