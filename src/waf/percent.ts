// Percent-decoding of a path, as ModSecurity fills REQUEST_FILENAME: what is no escape stays as it is.

const ESCAPED = /%[0-9A-Fa-f]{2}/g;

export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(ESCAPED, (byte) => String.fromCharCode(Number.parseInt(byte.slice(1), 16)));
}
