// YAML text to nodes, with the parser's errors told in plain words. What is written but not YAML by a
// slip that everyone makes (see slips.ts) is told once and then read as it was meant, so that the rest
// of the file is still checked.

import type { Document, YAMLError } from 'yaml';
import { isScalar, parseDocument, visit } from 'yaml';
import type { Report } from './report.ts';
import { disguise, findSlips, undisguise } from './slips.ts';

const plainWords: ReadonlyMap<string, string> = new Map([
  ['ALIAS_PROPS', 'a reference (*name) can have neither an anchor nor a tag'],
  ['BAD_ALIAS', 'a reference (*) or an anchor (&) needs a name'],
  [
    'BAD_DQ_ESCAPE',
    'YAML does not know this backslash sequence; between single quotes a backslash is a plain character',
  ],
  ['BAD_SCALAR_START', 'no value can begin with this character; put the value in quotes'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'a second "key: value" begins within this value; put the value in quotes, or indent an inner map on the next line',
  ],
  ['BLOCK_IN_FLOW', 'between { } and [ ] there can be no list or map that goes by indentation'],
  ['KEY_OVER_1024_CHARS', 'a key is longer than 1024 characters'],
  ['MULTIPLE_DOCS', 'a second document begins here; a configuration file holds one'],
  ['MULTILINE_IMPLICIT_KEY', 'this line has no "key: value"; is the colon, or the space behind it, missing?'],
  ['RESOURCE_EXHAUSTION', 'the file is nested too deeply'],
  ['TAB_AS_INDENT', 'a tab stands where only spaces may indent'],
  ['TAG_RESOLVE_FAILED', 'this tag is not known; write the value without a tag (!)'],
]);

/** The parser's own words that can be said better. The rest of its messages is kept. */
const betterWords: readonly (readonly [RegExp, string])[] = [
  [/^Missing closing/, 'this quote is never closed'],
  [/^Implicit map keys need/, 'this line has no "key: value"; is the colon, or the space behind it, missing?'],
  [/^All mapping items must start/, 'the indentation does not fit the lines above'],
  [/^Flow map in block/, 'a { above is never closed with }, or its lines are not indented'],
  [/^Flow sequence in block/, 'a [ above is never closed with ], or its lines are not indented'],
  [/at node end/, 'more stands here after the value is complete; put the whole value in quotes'],
  [/in YAML stream/, 'this does not belong to what stands above; is the indentation right?'],
];

/** After these the parser has given up or lost its way: what it did not see is not missing. */
const truncating: ReadonlySet<string> = new Set([
  'KEY_OVER_1024_CHARS',
  'MISSING_CHAR',
  'MULTIPLE_DOCS',
  'RESOURCE_EXHAUSTION',
  'UNEXPECTED_TOKEN',
]);

export interface ParsedYaml {
  readonly document: Document;
  /** Takes a scalar's text back to what the file says. */
  readonly original: (text: string) => string;
}

/** Parses; errors go to the report, and the document holds what could be read. Never throws. */
export function parseYaml(text: string, report: Report): ParsedYaml {
  const slips = findSlips(text);
  for (const slip of slips) report.add(slip.start, 'yaml-syntax', '', slip.text);
  const document = parse(disguise(text, slips));
  tellErrors(document, report);
  return { document, original: slips.length === 0 ? (scalar) => scalar : undisguise };
}

function parse(text: string): Document {
  // Duplicate keys are found later, with both places named. `logLevel` other than silent: a second document is an error.
  return parseDocument(text, {
    logLevel: 'error',
    merge: true,
    prettyErrors: false,
    resolveKnownTags: false,
    uniqueKeys: false,
  });
}

/** Tells each fault once: the parser stumbles several times over one slip. */
function tellErrors(document: Document, report: Report): void {
  const errors: YAMLError[] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  let previous = { line: -1, code: '' };
  for (const error of exhausted === undefined ? errors : [exhausted]) {
    const isOpenQuote = error.message.startsWith('Missing closing');
    const offset = isOpenQuote ? startOfQuote(document, error.pos[0]) : error.pos[0];
    const line = report.lineOf(offset);
    const follows = line === previous.line || (line === previous.line + 1 && error.code === previous.code);
    const isAfterTheEnd = previous.line >= 0 && /in YAML stream/.test(error.message);
    previous = { line, code: error.code };
    if (!follows && !isAfterTheEnd) report.addSyntax(offset, inPlainWords(error), truncating.has(error.code));
    // The open quote swallows the rest of the file.
    if (isOpenQuote) break;
  }
}

/** Never the parser's quotation of the file: it may be a secret. */
function inPlainWords(error: YAMLError): string {
  const better = plainWords.get(error.code) ?? betterWords.find(([form]) => form.test(error.message))?.[1];
  if (better !== undefined) return better;
  const words = error.message.replace(/: ".*$/s, '').replace(/ token$/, '');
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function startOfQuote(document: Document, end: number): number {
  let start = end;
  visit(document, (_key, node) => {
    const range = isScalar(node) ? node.range : undefined;
    if (range && range[0] < end && range[1] >= end - 1) start = range[0];
  });
  return start;
}
