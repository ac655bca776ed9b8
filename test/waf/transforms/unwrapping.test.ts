// The decoders that ModSecurity does not have: what they take off, and what they leave alone.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transform } from '../../../src/waf/transforms/registry.ts';
import { byteStrings } from './byte-strings.ts';

const apply = (name: string, text: string): string =>
  Buffer.from(transform(name)?.apply(Buffer.from(text).toString('latin1')) ?? '', 'latin1').toString();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test.for([
  ['unwrap', '%253Cscript%253E', '<script>'],
  ['unwrap', '%%32%65%%32%65%2f', '../'],
  ['unwrap', '%u003cb%u3E', '<b%u3E'],
  ['unwrap', '1%27+or+1', "1' or 1"],
  ['unwrap', 'C++ + 1', 'C++ + 1'],
  ['unwrap', '&amp;lt;svg&colon;&#x61&#98;', '<svg:ab'],
  ['unwrap', '\\x61\\u{62}\\u0063\\74\\101', 'abc<A'],
  ['unwrap', 'C:\\new\\table ..\\..\\x \\1', 'C:\\new\\table ..\\..\\x \\1'],
  ['unwrap', '..∕..／ａ 𝐬 ſ ‹b›', '../../a s s <b>'],
  ['unwrap', '..%c0%af..%e0%80%af..%f0%80%80%af', '../../../'],
  ['unwrap', 'l’été “dit-il”', 'l’été “dit-il”'],
  ['unwrap', 'a\0b\u200bc', 'abc'],
  ['unwrap', '+ADw-b+AD4-', '<b>'],
  ['unwrap', '+49-171-555', '+49-171-555'],
  ['unwrap', base64('<script>alert(1)</script>'), '<script>alert(1)</script>'],
  ['unwrap', encodeURIComponent(base64(base64("' or 1=1 --"))), "' or 1=1 --"],
  ['unwrap', 'JzsgaWQ=', "'; id"],
  ['base64text', base64('<b a=1>>>>?').replaceAll('+', '-').replaceAll('/', '_'), '<b a=1>>>>?'],
  ['base64text', `/files/${base64('../../etc/passwd').replaceAll('=', '')}`, '/files/../../etc/passwd'],
  ['base64text', base64('<svg>>>onload>>').replaceAll('+', ' '), '<svg>>>onload>>'],
  ['base64text', Buffer.from('whoami; ls', 'utf16le').toString('base64'), 'whoami; ls'],
  ['base64text', 'information/configuration_of-things', 'information/configuration_of-things'],
  ['base64text', 'password administrator', 'password administrator'],
  ['joinstrings', `frames['al'+ 'ert']("a" . "b"||'c')`, `frames['alert']("abc')`],
  ['joinstrings', `it's 'a', 'b'`, `it's 'a', 'b'`],
  ['shellplain', `c\\at\${IFS}/e't'c/pa"ss"wd`, 'cat /etc/passwd'],
  ['shellplain', '{cat,/etc/x} wh$@oami ca$()t $IFS$9 ${PATH:0:1}etc', ' cat /etc/x whoami cat /etc'],
  ['shellplain', '${7*7} ${T(x)}', '${7*7} ${T(x)}'],
  ['sqlplain', '1/**/union/*!50000select*/2', '1 union select 2'],
  ['sqlplain', 'union--x\nselect#a b\n1', 'union select 1'],
  ['sqlplain', `x /* ' or 1=1 */`, `x ' or 1=1 `],
  ['sqlplain', 'a-b #c', 'a-b #c'],
])('%s of %j is %j', ([name, value, expected]) => {
  expect(apply(name as string, value as string)).toBe(expected);
});

const WRAPPINGS: Readonly<Record<string, (text: string) => string>> = {
  url: (text) => Array.from(text, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
  unit: (text) => Array.from(text, (char) => `%u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  html: (text) => Array.from(text, (char) => `&#${char.charCodeAt(0)};`).join(''),
  hex: (text) => Array.from(text, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
  script: (text) => Array.from(text, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`).join(''),
  base64: (text) => base64(text),
};

test('unwrap takes off up to three wrappings in any order', () => {
  const texts = fc.stringMatching(/^[A-Za-z<>'"(); ]{16,40}$/);
  const wrappings = fc.array(fc.constantFrom(...Object.keys(WRAPPINGS)), { maxLength: 3 });
  fc.assert(
    fc.property(texts, wrappings, (text, names) => {
      const wrapped = names.reduce((value, name) => WRAPPINGS[name]?.(value) ?? value, text);
      expect(apply('unwrap', wrapped)).toBe(apply('unwrap', text));
    }),
  );
});

test('unwrap leaves an ordinary text the very same', () => {
  const text = "D'Arcy asked: 3 + 4 < 8? See https://example.com/a-b_c?x=1#y (50 %), C:\\Temp.";
  expect(transform('unwrap')?.apply(text)).toBe(text);
});

test('base64text changes nothing but tokens that are text', () => {
  fc.assert(
    fc.property(byteStrings, (value) => {
      const result = transform('base64text')?.apply(value) ?? '';
      if (result === value) return;
      expect(/[\w+/-]{6}/.test(value)).toBe(true);
    }),
  );
});

test('sqlplain reads comments that begin again and again in one pass', () => {
  for (const unit of ['/*a', "/*'"]) {
    for (const end of ['', `'*/`]) {
      expect(transform('sqlplain')?.apply(unit.repeat(200_000) + end).length).toBeLessThan(600_000);
    }
  }
});
