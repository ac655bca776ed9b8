// Text to logical lines: joins lines that end in a backslash, leaves out comments and empty lines.

import type { LogicalLine, Piece } from './span.ts';
import { isBlank } from './span.ts';

const byteOrderMark = '\xef\xbb\xbf';

/**
 * The directives of one text, each on a line of its own. A backslash at the very end of a line joins the next one to it.
 * A comment ends with its line: what stands below is read again, so that a half commented rule is noticed.
 */
export function logicalLines(text: string, file: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let pieces: Piece[] = [];
  let parts: string[] = [];
  let length = 0;
  const close = (): void => {
    if (pieces.length > 0) lines.push({ file, text: parts.join(''), pieces });
    pieces = [];
    parts = [];
    length = 0;
  };
  let at = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  for (let number = 1; at <= text.length; number += 1) {
    const lineFeed = text.indexOf('\n', at);
    const end = lineFeed < 0 ? text.length : lineFeed;
    const source = text.slice(at, end > at && text[end - 1] === '\r' ? end - 1 : end);
    at = end + 1;
    if (pieces.length === 0 && isIdle(source)) continue;
    const goesOn = endsInBackslash(source);
    const content = goesOn ? source.slice(0, -1) : source;
    pieces.push({ at: length, number, source });
    parts.push(content);
    length += content.length;
    if (!goesOn) close();
  }
  close();
  return lines;
}

function isIdle(line: string): boolean {
  let at = 0;
  while (at < line.length && isBlank(line.charCodeAt(at))) at += 1;
  return at === line.length || line[at] === '#';
}

function endsInBackslash(line: string): boolean {
  let backslashes = 0;
  while (backslashes < line.length && line[line.length - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
