// Goes over a document type declaration without acting on it, and keeps the quoted texts in it for inspection.
// It must never expand a parameter entity or fetch an external part.

import type { Named } from './named.ts';

export interface Doctype {
  /** Values of entities and attribute defaults, names of files: all quoted texts between the brackets. */
  readonly literals: string[];
  /** Just behind the declaration, or where it went wrong. */
  readonly end: number;
  readonly problem?: string;
}

/** Reads the declaration that begins at `start` (XML 1.0, 2.8): brackets, quotes, comments and instructions must end. */
export function skipDoctype(xml: string, start: number): Doctype {
  const literals: string[] = [];
  let inSubset = false;
  let at = start + '<!DOCTYPE'.length;
  while (at < xml.length) {
    const char = xml.charCodeAt(at);
    const mayOpen = char === 0x22 || char === 0x27 || char === 0x3c;
    const span = mayOpen ? SPANS.find(({ open }) => xml.startsWith(open, at)) : undefined;
    if (span !== undefined) {
      const from = at + span.open.length;
      const close = xml.indexOf(span.close, from);
      const end = close < 0 ? xml.length : close;
      if (inSubset && span.open.length === 1) literals.push(xml.slice(from, end));
      if (close < 0) return { literals, end: xml.length, problem: `${span.close} is missing in the document type` };
      at = close + span.close.length;
      continue;
    }
    if (char === 0x5b && inSubset) return { literals, end: at, problem: 'a conditional section' };
    if (char === 0x5b) inSubset = true;
    else if (char === 0x5d) inSubset = false;
    else if (char === 0x25 && isNameStart(xml.charCodeAt(at + 1))) {
      return { literals, end: at, problem: 'a parameter entity' };
    } else if (char === 0x3e && !inSubset) return { literals, end: at + 1 };
    at += 1;
  }
  return { literals, end: xml.length, problem: 'a document type without end' };
}

/** More declarations than this say nothing new. */
const MOST_DECLARATIONS = 64;
const EXTERNAL = /^<!DOCTYPE\s+[^\s[>]+\s+(?:SYSTEM|PUBLIC)\b(?:\s*(?:"[^"]{0,300}"|'[^']{0,300}')){0,2}/;
const ENTITY = /<!ENTITY\s+(%\s+)?[^\s>]+\s+(SYSTEM\b|PUBLIC\b)?/g;

/**
 * `external`: a part that lies elsewhere, the DTD with its identifiers or an entity. `entity`, `parameter`: what is declared.
 * Entities with their beginning.
 */
export function declarationsOf(doctype: string): Named[] {
  const declared: Named[] = [];
  const external = EXTERNAL.exec(doctype)?.[0];
  if (external !== undefined) declared.push({ name: 'external', value: external });
  for (const { 0: value, 1: percent, 2: elsewhere } of doctype.matchAll(ENTITY)) {
    if (declared.length >= MOST_DECLARATIONS) break;
    declared.push({ name: percent === undefined ? 'entity' : 'parameter', value });
    if (elsewhere !== undefined) declared.push({ name: 'external', value });
  }
  return declared;
}

const SPANS: readonly { readonly open: string; readonly close: string }[] = [
  { open: '"', close: '"' },
  { open: "'", close: "'" },
  { open: '<!--', close: '-->' },
  { open: '<?', close: '?>' },
];

function isNameStart(char: number): boolean {
  return (char >= 0x41 && char <= 0x5a) || (char >= 0x61 && char <= 0x7a) || char === 0x5f || char >= 0x80;
}
