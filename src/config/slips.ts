// Two slips that everyone makes in YAML: a bare word that begins with `*` (a wildcard host, a glob),
// which YAML takes for a reference, and a bare `${X}` between braces or brackets, whose own braces it
// takes for a map. Both are found in the parser's tokens, so never inside quotes or comments.

import { Lexer } from 'yaml';

export interface Slip {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Private-use characters that stand for ASCII ones while the text is parsed as it was meant. */
const disguiseBase = 0xe000;

/** All slips of a text, in its order. */
export function findSlips(text: string): Slip[] {
  if (!text.includes('*') && !text.includes('${')) return [];
  const slips: Slip[] = [];
  const anchors = new Set<string>();
  let at = 0;
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    // Marks of the lexer itself, which stand for no character of the text.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') continue;
    const isInSlip = at < (slips.at(-1)?.end ?? 0);
    if (token.startsWith('&')) anchors.add(token.slice(1));
    else if (isInSlip) previous = '';
    else if (token.startsWith('*') && !anchors.has(token.slice(1))) slips.push(bareStar(at));
    else if (token === '{' && previous.endsWith('$')) slips.push(bareReference(text, at));
    at += token.length;
    previous = token;
  }
  return slips;
}

/** Hides the characters of the slips that mean something to YAML; every offset stays the same. */
export function disguise(text: string, slips: readonly Slip[]): string {
  let hidden = '';
  let at = 0;
  for (const slip of slips) {
    const meant = text.slice(slip.start, slip.end);
    hidden += text.slice(at, slip.start);
    hidden += meant.replace(/[!-~]/g, (char) => String.fromCharCode(disguiseBase + char.charCodeAt(0)));
    at = slip.end;
  }
  return hidden + text.slice(at);
}

/** The text as the file has it. */
export function undisguise(text: string): string {
  return text.replace(/[\ue021-\ue07e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - disguiseBase));
}

function bareStar(at: number): Slip {
  return {
    start: at,
    end: at + 1,
    text: 'a bare word that begins with * refers to an anchor, and there is no such anchor above; put it in quotes, like "*.example.com"',
  };
}

function bareReference(text: string, brace: number): Slip {
  let depth = 0;
  let end = brace;
  for (; end < text.length && text[end] !== '\n'; end++) {
    if (text[end] === '{') depth++;
    if (text[end] === '}' && --depth === 0) break;
  }
  const isClosed = text[end] === '}';
  return {
    start: brace - 1,
    end: isClosed ? end + 1 : brace + 1,
    text: `between { } or [ ] a reference must stand in quotes, like "\${NAME}"`,
  };
}
