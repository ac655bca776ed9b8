// Texts that other people wrote, read where they lie on this machine: packages, manual pages, translations. Nothing of them is
// kept here. A source that is not there is told, and its kind is then smaller.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Random } from '../random.ts';

const MOST_BYTES = 400_000;
/** Longer texts are cut at the end of a line. */
const MOST_PIECE = 3_000;

export const skipped: string[] = [];

/** Some of the files that a pattern finds, always the same. */
export function someFiles(pattern: string, count: number, random: Random): string[] {
  const files = globSync(pattern).filter(isReadable).sort();
  if (files.length === 0) skipped.push(pattern);
  return random.shuffled(files).slice(0, count);
}

function isReadable(file: string): boolean {
  const facts = existsSync(file) ? statSync(file) : undefined;
  return facts?.isFile() === true && facts.size <= MOST_BYTES;
}

export function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Paragraphs of some length, at most so many of one text. */
export function paragraphs(text: string, most: number, random: Random): string[] {
  const all = text.split(/\n\s*\n/).map((part) => part.trim());
  return random.shuffled(all.filter(({ length }) => length >= 30 && length <= MOST_PIECE)).slice(0, most);
}

/** Some lines that follow each other. */
export function snippet(text: string, random: Random): string {
  const lines = text.split('\n');
  const count = 3 + random.below(40);
  const start = random.below(Math.max(1, lines.length - count));
  return lines
    .slice(start, start + count)
    .join('\n')
    .slice(0, MOST_PIECE);
}

/** One or two lines of code that somebody might quote. */
export function fewLines(text: string, most: number, random: Random): string[] {
  const lines = text.split('\n').filter((line) => line.trim().length >= 8);
  return Array.from({ length: Math.min(most, lines.length) }, () => {
    const start = random.below(lines.length);
    return lines
      .slice(start, start + 1 + random.below(2))
      .join('\n')
      .trim()
      .slice(0, MOST_PIECE);
  });
}

/** What stands between backticks, and the lines of fenced blocks. */
export function codeSpans(text: string, most: number, random: Random): string[] {
  const inline = Array.from(text.matchAll(/(?<!`)`([^`\n]{4,200})`(?!`)/g), ([, code]) => code ?? '');
  const fenced = Array.from(text.matchAll(/```\w*\n([^`]{4,2000})```/g), ([, block]) =>
    (block ?? '').split('\n'),
  ).flat();
  return random.shuffled([...inline, ...fenced].filter((line) => line.trim().length >= 4)).slice(0, most);
}

/** The words of a manual page without the requests of troff. */
export function manualText(page: string): string {
  return page
    .split('\n')
    .map((line) =>
      /^[.']\s*(?:SH|SS|TP|PP|P|LP|IP|HP|RS|RE|nf|fi|br|sp)\b/.test(line)
        ? ''
        : line.replace(/^[.']\s*(?:\\"|[A-Z]{1,2})\s?/, ''),
    )
    .join('\n')
    .replace(/\\f(?:\(..|\[\w*\]|.)/g, '')
    .replace(/\\\(aq/g, "'")
    .replace(/\\&/g, '')
    .replace(/\\-/g, '-')
    .replace(/\\e/g, '\\');
}

/** The translated texts of a catalogue (GNU gettext, MO). */
export function messagesOf(file: string): string[] {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== 0x950412de) return [];
  const count = bytes.readUInt32LE(8);
  const table = bytes.readUInt32LE(16);
  return Array.from({ length: count }, (_, index) => {
    const length = bytes.readUInt32LE(table + index * 8);
    const start = bytes.readUInt32LE(table + index * 8 + 4);
    return bytes.toString('utf8', start, start + length).split('\0')[0] ?? '';
  }).filter(({ length }) => length >= 12 && length <= MOST_PIECE && !length.toString().startsWith('Project-Id'));
}
