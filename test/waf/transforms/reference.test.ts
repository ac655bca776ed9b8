// The transformations against slow definitions of the same, written as patterns where the real ones are loops.
import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transform } from '../../../src/waf/transforms/registry.ts';
import { byteStrings } from './byte-strings.ts';

const SIMPLE: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const NAMES: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', nbsp: '\xa0' };

const REFERENCES: Readonly<Record<string, (value: string) => string>> = {
  lowercase: (value) => value.replace(/[A-Z]/g, (char) => char.toLowerCase()),
  uppercase: (value) => value.replace(/[a-z]/g, (char) => char.toUpperCase()),
  urlDecode: (value) => value.replace(/%([\da-f]{2})|\+/gi, (_, hex?: string) => (hex === undefined ? ' ' : low(hex))),
  urlDecodeUni: (value) =>
    value.replace(/%u([\da-f]{4})|%([\da-f]{2})|\+/gi, (_, unit?: string, hex?: string) =>
      unit !== undefined ? narrow(unit) : hex !== undefined ? low(hex) : ' ',
    ),
  urlEncode: (value) =>
    value.replace(/[^*0-9A-Za-z]/g, (char) => (char === ' ' ? '+' : `%${Buffer.from(char, 'latin1').toString('hex')}`)),
  htmlEntityDecode: (value) =>
    value.replace(/&(?:#x([\da-f]+)|#(\d+)|([a-z\d]+));?/gi, (all, hex?: string, decimal?: string, name = '') =>
      hex !== undefined
        ? saturated(BigInt(`0x${hex}`))
        : decimal !== undefined
          ? saturated(BigInt(decimal))
          : (NAMES[String(name).toLowerCase()] ?? all),
    ),
  jsDecode: (value) =>
    value.replace(
      /\\(?:u([\da-f]{4})|x([\da-f]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|([\s\S]))/gis,
      (all, unit?: string, hex?: string, octal?: string, char = '') => {
        // The pattern ignores case, the escapes do not.
        if (all[1] === 'U' || all[1] === 'X') return all.slice(1);
        if (unit !== undefined) return narrow(unit);
        if (hex !== undefined) return low(hex);
        return octal === undefined ? (SIMPLE[char] ?? char) : String.fromCharCode(Number.parseInt(octal, 8));
      },
    ),
  escapeSeqDecode: (value) =>
    value.replace(/\\(?:[xX]([\da-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g, (_, hex?: string, octal?: string, char = '') =>
      hex !== undefined
        ? low(hex)
        : octal !== undefined
          ? String.fromCharCode(Number.parseInt(octal, 8) & 255)
          : (SIMPLE[char] ?? char),
    ),
  cssDecode: (value) =>
    value.replace(/\\(?:([\da-f]{1,6})[\t-\r ]?|\n|([\s\S]|$))/gi, (_, hex?: string, char = '') =>
      hex === undefined ? char : narrow(hex),
    ),
  cmdLine: (value) =>
    value
      .replace(/["'\\^]/g, '')
      .replace(/[ ,;\t\r\n]+/g, ' ')
      .replace(/ ([/(])/g, '$1')
      .replace(/[A-Z]/g, (char) => char.toLowerCase()),
  compressWhitespace: (value) => value.replace(/[\t-\r ]+/g, ' '),
  removeWhitespace: (value) => value.replace(/[\t-\r \xa0\xc2]/g, ''),
  trim: (value) => value.replace(/^[\t-\r ]+|[\t-\r ]+$/g, ''),
  trimLeft: (value) => value.replace(/^[\t-\r ]+/, ''),
  trimRight: (value) => value.replace(/[\t-\r ]+$/, ''),
  removeNulls: (value) => value.split('\0').join(''),
  replaceNulls: (value) => value.split('\0').join(' '),
  replaceComments: (value) => value.replace(/\/\*.*?(?:\*\/|$)/gs, ' '),
  removeComments: (value) =>
    value.replace(/(?:\/\*|<!--).*?(\*\/|-->|$)|(?:--|#).*/gs, (_, end?: string) => (end === '' ? ' ' : '')),
  removeCommentsChar: (value) => value.replace(/\/\*|\*\/|<!--|-->|--|#/g, ''),
  sqlHexDecode: (value) =>
    value.replace(/0x((?:[\da-f]{2})+)/gi, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1')),
  base64Decode: (value) => base64(/^(?:[A-Za-z\d+/\r\n]| +(?=[\r\n]))*/.exec(value)?.[0] ?? ''),
  base64DecodeExt: (value) => base64(value.replace(/[^A-Za-z\d+/]/g, '')),
  base64Encode: (value) => Buffer.from(value, 'latin1').toString('base64'),
  hexEncode: (value) => Buffer.from(value, 'latin1').toString('hex'),
};

test.for(Object.entries(REFERENCES))('%s does what its definition says', ([name, reference]) => {
  const subject = transform(name);
  fc.assert(
    fc.property(byteStrings, (value) => {
      expect(subject?.apply(value)).toBe(reference(value));
    }),
    { numRuns: 2000 },
  );
});

test('hexDecode undoes hexEncode and base64Decode undoes base64Encode', () => {
  const undone = (encode: string, decode: string, value: string) =>
    transform(decode)?.apply(transform(encode)?.apply(value) ?? '') === value;
  fc.assert(fc.property(byteStrings, (value) => undone('hexEncode', 'hexDecode', value)));
  fc.assert(fc.property(byteStrings, (value) => undone('base64Encode', 'base64Decode', value)));
});

test('utf8toUnicode names every character of a well-formed text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const expected = Array.from(text.replaceAll('\0', ''), (char) => {
        const code = char.codePointAt(0) ?? 0;
        return code < 0x80 ? char : `%u${code.toString(16).padStart(4, '0')}`;
      });
      expect(transform('utf8toUnicode')?.apply(Buffer.from(text).toString('latin1'))).toBe(expected.join(''));
    }),
  );
});

test('normalizePath reads an absolute path as POSIX does, normalizePathWin with backslashes too', () => {
  const segments = fc.array(fc.constantFrom('a', 'bc', '.', '..', ''), { maxLength: 12 });
  fc.assert(
    fc.property(segments, fc.constantFrom('', '/'), (parts, last) => {
      // A name at the end: of a path that ends in a back-reference to the root ModSecurity leaves nothing.
      const path = `/${[...parts, 'end'].join('/')}${last}`;
      expect(transform('normalizePath')?.apply(path)).toBe(posix.normalize(path));
      expect(transform('normalizePathWin')?.apply(path.replaceAll('/', '\\'))).toBe(posix.normalize(path));
    }),
    { numRuns: 2000 },
  );
});

test('normalizePathWin is normalizePath of the value with slashes for backslashes', () => {
  fc.assert(
    fc.property(byteStrings, (value) => {
      const slashed = value.replaceAll('\\', '/');
      expect(transform('normalizePathWin')?.apply(value)).toBe(transform('normalizePath')?.apply(slashed));
    }),
    { numRuns: 2000 },
  );
});

function low(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16) & 255);
}

function narrow(hex: string): string {
  const code = Number.parseInt(hex, 16);
  return String.fromCharCode(code > 0xff00 && code < 0xff5f ? (code & 255) + 0x20 : code & 255);
}

function saturated(code: bigint): string {
  return String.fromCharCode(code >= 2n ** 63n ? 255 : Number(code & 255n));
}

function base64(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1');
}
