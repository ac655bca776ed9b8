// Texts that are written in percent-code, as in a URL or a form.
import { percentDecoded } from '../../base/text.ts';

/** As a form has it, where a plus is a blank. */
export function formDecoded(text: string): string {
  return text.includes('%') || text.includes('+') ? percentDecoded(text.replaceAll('+', ' ')) : text;
}

/** Everything but the mark, which is to be read. */
export function percentCoded(text: string, mark: string): string {
  return text
    .split(mark)
    .map((piece) => piece.replace(/[^\w.~-]/g, codeOf))
    .join(mark);
}

function codeOf(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
