// Texts that are written in percent-code, as in a URL or a form.

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

/** Bytes for their escapes, `user[token]` for `user%5Btoken%5D`; what is no escape stays. */
function percentDecoded(text: string): string {
  let decoded = '';
  let from = 0;
  for (let at = text.indexOf('%'); at !== -1; at = text.indexOf('%', at + 1)) {
    const byte = 16 * hexDigit(text.charCodeAt(at + 1)) + hexDigit(text.charCodeAt(at + 2));
    if (!(byte >= 0)) continue;
    decoded += text.slice(from, at) + String.fromCharCode(byte);
    from = at + 3;
    at += 2;
  }
  return from === 0 ? text : decoded + text.slice(from);
}

/** NaN: it is none. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}
