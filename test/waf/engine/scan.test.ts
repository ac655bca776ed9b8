// The scan may name a rule too many, never one too few: chains of transformations in which it could miss one.
import { describe, expect, test } from 'vitest';
import { each, hex } from './disguises.ts';
import { exchange, lines, rules, written } from './support.ts';

describe('a value is not missed', () => {
  test.for([
    ['t:lowercase,t:urlDecode', '[A-Z]', '%41'],
    ['t:lowercase,t:urlDecode', '[^a-z%0-9]', '%41'],
    ['t:lowercase,t:uppercase', 'A', 'a'],
    ['t:lowercase,t:base64Encode', '^QG', '@A'],
    ['t:lowercase,t:base64Decode', '\\xaa', 'QQ'],
    ['t:cmdLine,t:urlDecode', 'A', '%41'],
    ['t:lowercase,t:urlDecodeUni', '<', '%U003C'],
    ['t:lowercase,t:jsDecode', '<', '\\X3C'],
    ['t:lowercase,t:htmlEntityDecode', '<', '&LT;'],
    ['t:lowercase,t:cssDecode', 'J', '\\4A'],
    ['t:cmdLine', '<s', '<S'],
    ['t:cmdLine', '^a b$', 'A,;b'],
    ['t:cmdLine,t:removeWhitespace', '^ab/c$', 'A "b /c'],
    ['t:base64Decode,t:hexEncode', '616263', 'YWJj'],
    ['t:base64Decode,t:urlEncode', '%3c%3e', 'PD4='],
    ['t:base64Decode,t:length', '^3$', 'YWJj'],
    ['t:hexDecode,t:hexDecode', '<', '3363'],
    ['t:urlDecode,t:urlDecode', '<script', '%253cscript'],
    ['t:urlDecode,t:htmlEntityDecode,t:jsDecode', '<script', '%26%2360;scr\\x69pt'],
    ['t:replaceComments', 'a b', 'a/**/b'],
    ['t:removeNulls', 'ab', 'a\0b'],
    ['t:normalizePath', '^/b$', '/a/../b'],
    ['t:utf8toUnicode', '%u00e9', '\xc3\xa9'],
    ['t:md5,t:hexEncode', '^0cc175b9c0f1b6a831c399e269772661$', 'a'],
    ['t:length', '^1$', 'x'],
    ['t:removeWhitespace', '^\\(ab\\)$', '( a\tb )'],
    ['t:sqlHexDecode', "'", '0x27'],
    ['t:escapeSeqDecode', '<', '\\74'],
  ] as const)('with %s, @rx %s, %j', ([chain, pattern, value]) => {
    const text = (more: string): string => `SecRule ARGS "@rx ${pattern}" "id:1,phase:1,${chain}${more}"`;
    const sent = {
      target: `/?a=${each((byte) => `%${hex(byte)}`)(value)}`,
    };
    expect(lines(text(''), sent)).toEqual(['1 ARGS:a']);
    expect(lines(text(',multiMatch'), sent)).toEqual(['1 ARGS:a']);
  });
});

describe('an earlier value', () => {
  test.for([
    ['!@rx b', 't:hexEncode', '/?a=${&a=', 1],
    ['@gt 0', 't:md5', '/?a=&a=%e9', 1],
    ['@rx ^2$', 't:length', '/?a=x&a=xx&a=xxx', 1],
    ['@pm x', 't:base64Decode', '/?a=eQ==&a=eA==&a=eg==', 1],
  ] as const)('is not taken for the next one: %s with %s', ([operator, chain, target, count]) => {
    const text = `SecRule ARGS "${operator}" "id:1,phase:1,nolog,pass,${chain},setvar:tx.n=+1"\nSecRule TX:n "@eq ${count}" "id:2,phase:1"`;
    expect(lines(text, { target })).toEqual(['2 TX:n']);
  });

  test('does not decide about one of a later exchange', () => {
    const engine = rules(`SecRule REQUEST_URI "@rx <s" "id:1,phase:1,t:cmdLine"`);
    const found = ['/', '/?<s', '/?<"s', '/?x', '/?<S'].map(
      (target) => written(exchange(engine.begin(), { target })).length,
    );
    expect(found).toEqual([0, 1, 1, 0, 1]);
  });
});

test('rules that differ in case, in negation and in chains do not get in each other’s way', () => {
  const text = `SecRule ARGS "@rx Ab" "id:1,phase:1"\nSecRule ARGS "@rx ab" "id:2,phase:1,t:lowercase"
    SecRule ARGS "@rx ab" "id:3,phase:1"\nSecRule ARGS "!@rx ab" "id:4,phase:1,t:lowercase"
    SecRule ARGS "!@rx Ab" "id:5,phase:1"\nSecRule ARGS "@pm ab" "id:6,phase:1"\nSecRule ARGS "!@pm ab" "id:7,phase:1,t:removeWhitespace"
    SecRule ARGS "@streq ab" "id:8,phase:1,t:lowercase"\nSecRule ARGS "@rx ^ab$" "id:9,phase:1,t:removeWhitespace"`;
  const ids = (target: string): string =>
    lines(text, { target })
      .map((line) => line[0])
      .join('');
  expect(ids('/?q=Ab')).toBe('1268');
  expect(ids('/?q=ab')).toBe('235689');
  expect(ids('/?q=a+b')).toBe('459');
  expect(ids('/?q=')).toBe('457');
});
