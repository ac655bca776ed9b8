// What the parser is told in tests, and how its findings are written down.

import type { Problem } from '../../../src/base/errors.ts';
import type { Known } from '../../../src/waf/seclang/known.ts';
import type { Loaded } from '../../../src/waf/seclang/load.ts';
import { parseSecLang } from '../../../src/waf/seclang/load.ts';

const operators =
  'beginswith contains containsword detectsqli detectxss endswith eq ge gt ipmatch ipmatchf ipmatchfromfile le lt ' +
  'nomatch pm pmf pmfromfile rx streq strmatch unconditionalmatch validatebyterange validateurlencoding ' +
  'validateutf8encoding verifycc within';
const transforms =
  'base64decode cmdline compresswhitespace cssdecode escapeseqdecode hexencode htmlentitydecode jsdecode length ' +
  'lowercase md5 normalisepath normalisepathwin normalizepath normalizepathwin removecommentschar removenulls ' +
  'removewhitespace replacecomments sha1 sqlhexdecode trim urldecode urldecodeuni utf8tounicode';

export const known: Known = {
  operators: new Set(operators.split(' ')),
  transforms: new Set(transforms.split(' ')),
  checkPattern: (pattern) => (pattern.includes('(bad') ? 'it is bad' : undefined),
};

/** Parses one text without any file beside it. */
export function parse(text: string): Loaded {
  const readFile = (): never => {
    throw Object.assign(new Error('none'), { code: 'ENOENT' });
  };
  return parseSecLang(text, 'rules.conf', { baseDir: '/nowhere', known, disk: { read: readFile } });
}

/** `line:column code: message`. */
export function written({ line, column, code, message }: Problem): string {
  return `${line}:${column} ${code}: ${message}`;
}

/** A rule set with nothing in it that says where it stood. */
export function withoutSources(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'source' ? undefined : inner)));
}
