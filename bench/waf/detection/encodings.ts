// What a client or an attacker wraps a payload in before it is put into its place.

export const ENCODINGS = {
  plain: (text: string) => text,
  url: (text: string) => encodeURIComponent(text.toWellFormed()),
  base64: (text: string) => Buffer.from(text).toString('base64'),
  base64url: (text: string) => Buffer.from(text).toString('base64url'),
  html: (text: string) => Array.from(text, (char) => `&#x${char.codePointAt(0)?.toString(16)};`).join(''),
  marks: (text: string) =>
    text.replace(
      /[<>"'&]/g,
      (char) => ({ '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '&': '&amp;' })[char] ?? char,
    ),
  script: (text: string) =>
    text.replace(/[^\w ]/g, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`),
  unit: (text: string) =>
    text.replace(/[^\w]/g, (char) => `%u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`),
  wide: (text: string) =>
    text.replace(/[!-~]/g, (char) => (/[\w]/.test(char) ? char : String.fromCharCode(char.charCodeAt(0) + 0xfee0))),
  swapcase: (text: string) =>
    Array.from(text, (char, i) => (i % 2 === 0 ? char.toUpperCase() : char.toLowerCase())).join(''),
} as const satisfies Readonly<Record<string, (text: string) => string>>;

export type Encoding = keyof typeof ENCODINGS;
