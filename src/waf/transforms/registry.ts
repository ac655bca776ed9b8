// Every transformation by name. A name that is not here is an error at load, never a step left out.
import { base64Decode, base64DecodeExt, base64Encode } from './base64.ts';
import { base64Text } from './base64-text.ts';
import { lowercase, uppercase } from './case.ts';
import { cmdLine } from './cmd-line.ts';
import { removeComments, removeCommentsChar, replaceComments } from './comments.ts';
import { cssDecode } from './css-decode.ts';
import { escapeSeqDecode } from './escape-seq-decode.ts';
import { hexDecode, hexEncode, sqlHexDecode } from './hex.ts';
import { htmlEntityDecode } from './html-entity-decode.ts';
import { joinStrings } from './join-strings.ts';
import { jsDecode } from './js-decode.ts';
import { length, md5, sha1 } from './measure.ts';
import { normalizePath, normalizePathWin } from './normalize-path.ts';
import { removeNulls, replaceNulls } from './nulls.ts';
import { parityEven7bit, parityOdd7bit, parityZero7bit } from './parity.ts';
import { shellPlain } from './shell-plain.ts';
import { sqlPlain } from './sql-plain.ts';
import type { Transform } from './transform.ts';
import { asciiForm, escapes, htmlDeep, unwrap, urlDeep } from './unfold.ts';
import { urlDecode, urlDecodeUni } from './url-decode.ts';
import { urlEncode } from './url-encode.ts';
import { utf8ToUnicode } from './utf8-to-unicode.ts';
import { compressWhitespace, removeWhitespace, trim, trimLeft, trimRight } from './whitespace.ts';

export type { Transform } from './transform.ts';

/** Takes the chain back to its start when rules are read; as a step of a chain it does nothing. */
const none: Transform = { name: 'none', triggers: [], adds: [], apply: (value) => value };

const TRANSFORMS: readonly Transform[] = [
  asciiForm,
  base64Decode,
  base64DecodeExt,
  base64Encode,
  base64Text,
  cmdLine,
  compressWhitespace,
  cssDecode,
  escapeSeqDecode,
  escapes,
  hexDecode,
  hexEncode,
  htmlDeep,
  htmlEntityDecode,
  joinStrings,
  jsDecode,
  length,
  lowercase,
  md5,
  none,
  normalizePath,
  normalizePathWin,
  parityEven7bit,
  parityOdd7bit,
  parityZero7bit,
  removeComments,
  removeCommentsChar,
  removeNulls,
  removeWhitespace,
  replaceComments,
  replaceNulls,
  sha1,
  shellPlain,
  sqlHexDecode,
  sqlPlain,
  trim,
  trimLeft,
  trimRight,
  unwrap,
  uppercase,
  urlDecode,
  urlDecodeUni,
  urlDeep,
  urlEncode,
  utf8ToUnicode,
];

const BY_NAME: ReadonlyMap<string, Transform> = new Map([
  ...TRANSFORMS.map((transform): [string, Transform] => [transform.name, transform]),
  ['normalisepath', normalizePath],
  ['normalisepathwin', normalizePathWin],
  ['cmd_line', cmdLine],
]);

/** The transformation of a name in any case and in every spelling of ModSecurity 2 and 3; undefined: there is none. */
export function transform(name: string): Transform | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** All names that `transform` takes, for a suggestion when one is unknown. */
export function transformNames(): readonly string[] {
  return [...BY_NAME.keys()];
}
