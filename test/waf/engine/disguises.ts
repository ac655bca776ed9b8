// What attackers dress a text in so that a rule does not know it, and a few ways in which it stays as it is.

export const hex = (byte: string): string => byte.charCodeAt(0).toString(16).padStart(2, '0');

/** Every byte as `make` writes it. */
export const each =
  (make: (byte: string) => string): ((text: string) => string) =>
  (text) =>
    text.replace(/[\s\S]/g, make);

/** What a piece may be dressed in. */
export const DISGUISES: readonly ((text: string) => string)[] = [
  ...Array.from({ length: 6 }, () => (text: string) => text),
  (text) => text.toUpperCase(),
  each((byte) => (byte.charCodeAt(0) % 2 === 0 ? byte.toUpperCase() : byte)),
  each((byte) => `%${hex(byte)}`),
  each((byte) => `%25${hex(byte)}`),
  each((byte) => `%u00${hex(byte)}`),
  each((byte) => `%U00${hex(byte).toUpperCase()}`),
  each((byte) => `&#${byte.charCodeAt(0)};`),
  each((byte) => `&#X${hex(byte)}`),
  each((byte) => `\\x${hex(byte)}`),
  each((byte) => `\\u00${hex(byte)}`),
  each((byte) => `\\${byte}`),
  (text) => text.replaceAll('<', '&lt;').replaceAll('>', '&GT;').replaceAll('"', '&quot;'),
  (text) => Buffer.from(text, 'latin1').toString('base64'),
  (text) => Buffer.from(text, 'latin1').toString('base64url'),
  (text) => Buffer.from(text, 'latin1').toString('hex'),
  (text) => text.replaceAll(' ', '/**/'),
  (text) => text.replaceAll(' ', '\t\n\v\xa0'),
  (text) => text.replaceAll(' ', '+'),
  each((byte) => `${byte}\0`),
  each((byte) => `${byte}\\`),
  (text) => text.replace(/[a-z]/g, (letter) => String.fromCharCode(0xef, 0xbd, 0x20 + letter.charCodeAt(0))),
  (text) => `${text.slice(0, text.length / 2)}"^'${text.slice(text.length / 2)}`,
  (text) => text.repeat(12),
];
