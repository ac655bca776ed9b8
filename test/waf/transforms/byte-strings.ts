// Byte strings to try transformations on: random bytes, and the tokens that decoders look for in every order.
import fc from 'fast-check';

// biome-ignore format: one kind a line
const TOKENS = [
  '%', '%u', '%4', '%41', '%u0041', '%uff21', '+',
  '&', '&#', '&#x', '&#x41', '&#65;', '&lt', '&amp;', '&nbsp',
  '\\', '\\u0041', '\\uff21', '\\x41', '\\101', '\\777', '\\8', '\\n', '\\41 ', '\\ff21', '\\\n',
  '/*', '*/', '<!--', '-->', '--', '#',
  '/', '\\\\', '.', '..', '/../', '/./', '//',
  '^', '"', "'", '`', '$', '${', '$I', '{a,', '|', ',', ';', '(', ' ', '\t', '\r\n', '\0',
  '\xc3\xa9', '\xe2\x80\xb9', '\xf0\x9f\x98\x80', '\xc0\xaf', '\xed\xa0\x80', '\xf5\x80\x80\x80', '\xa0', '\xc2',
  '0x41', '0X', 'QUJD', 'QQ==', '=', 'A', 'z', 'f', '7', '0',
];

export const byteStrings: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...TOKENS) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

/** Long values made of one token each, which a loop that looks back or ahead without a bound would never finish. */
export const hostileValues: readonly string[] = TOKENS.map((token) => token.repeat(Math.ceil(100_000 / token.length)));

// biome-ignore format: one kind a line
const BEGINNINGS = [
  ...TOKENS, '%2', '\\u', '\\x', '\\u{41', '\\4', '<', '<!-', '-', '+AD', '+AD4', '\xe2', '\xf0', "'+", "'|", '$(', '0x4',
];

/** Values that end in the middle of what a decoder looks for. */
export const openEnded: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(byteStrings, fc.constantFrom(...BEGINNINGS)).map((parts) => parts.join('')),
  fc.constantFrom('JzsgaWQ', 'JzsgaWQ=', 'PHN2Zz4+PiBvbmxvYWQ+', ...BEGINNINGS),
);

/** What longer values may have left behind the end of a shorter one, each of which would complete something. */
export const leftovers: readonly string[] = Array.from('\0' + "4u0/*->-;}=,) '\x80\n!#FS", (byte) => byte.repeat(1000));
