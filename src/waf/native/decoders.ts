// The decoders of native rules: the operator's word for each, and the transformation that it is.

/** By word: the name of the transformation, and what it does in a few words. */
export const DECODERS: Readonly<Record<string, readonly [transform: string, description: string]>> = {
  unwrap: ['unwrap', 'all of the encodings below that hide a text, again and again until nothing changes'],
  url: ['urldecodeuni', '%41, %u0041 and + for a blank'],
  html: ['htmlentitydecode', '&lt; and &#60;'],
  escapes: ['escapes', '\\x41, \\u0041, \\u{41} and octal escapes'],
  js: ['jsdecode', 'escapes as ModSecurity reads them'],
  joinstrings: ['joinstrings', "'al'+'ert' as one string"],
  sqlplain: ['sqlplain', 'SQL without comments and with single blanks'],
  shellplain: ['shellplain', 'a command line without quotes within words, $IFS and the like'],
  css: ['cssdecode', '\\41 of style sheets'],
  base64: ['base64text', 'base64 and base64url, with or without padding, where a text comes out'],
  ascii: ['asciiform', 'overlong UTF-8, full-width letters and other forms of ASCII characters'],
  hex: ['sqlhexdecode', '0x41424344'],
  lowercase: ['lowercase', 'small letters'],
  uppercase: ['uppercase', 'capitals'],
  comments: ['replacecomments', 'a blank for each /* comment */'],
  whitespace: ['compresswhitespace', 'one blank for any run of them'],
  nospace: ['removewhitespace', 'no blanks at all'],
  nulls: ['removenulls', 'no NUL bytes'],
  path: ['normalizepath', '/a/./b/../c as /a/c'],
  trim: ['trim', 'no blanks around'],
  shell: ['cmdline', 'without the quotes, carets and backslashes that a shell drops'],
};
