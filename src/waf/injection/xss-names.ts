// The names that make HTML dangerous: tags, attributes, and schemes of URLs. Facts of libinjection 3.9.2 (see
// `sql-words.ts` for source and licence), all in upper case; and their look-up, which makes no string for other names.

/** What a name is, as bits. */
export const BLACK_TAG = 1;
/** An attribute that does harm whatever its value is. */
export const BLACK_ATTRIBUTE = 2;
/** An attribute whose value is a URL. */
export const URL_ATTRIBUTE = 4;
/** An attribute whose value names another one. */
export const NAMING_ATTRIBUTE = 8;

export const blackNames: readonly (readonly [meaning: number, names: string])[] = [
  [
    BLACK_TAG,
    'APPLET BASE COMMENT EMBED FRAME FRAMESET HANDLER IFRAME IMPORT ISINDEX LINK LISTENER META NOSCRIPT OBJECT SCRIPT ' +
      'STYLE VMLFRAME XML XSS',
  ],
  [BLACK_ATTRIBUTE, 'DATAFORMATAS DATASRC FILTER STYLE'],
  [
    URL_ATTRIBUTE,
    'ACTION BACKGROUND BY DYNSRC FOLDER FORMACTION FROM HANDLER HREF LOWSRC POSTER SRC TO VALUES XLINK:HREF',
  ],
  [NAMING_ATTRIBUTE, 'ATTRIBUTENAME'],
];

/** A URL that begins so can hold a script; JAVA stands for JAVASCRIPT too. */
export const blackSchemes: readonly string[] = ['DATA', 'VIEW-SOURCE', 'JAVA', 'VBSCRIPT'];

interface Entry {
  readonly name: string;
  meaning: number;
}

/** By hash: no two of the names share one, which building the table checks. */
const entries = new Map<number, Entry>();

for (const [meaning, names] of blackNames) {
  for (const name of names.split(' ')) {
    const hash = hashOf(Buffer.from(name, 'latin1'), 0, name.length);
    const entry = entries.get(hash) ?? { name, meaning: 0 };
    if (entry.name !== name) throw new Error(`${name} and ${entry.name} have the same hash`);
    entries.set(hash, entry);
    entry.meaning |= meaning;
  }
}

/** What the name at a position is, 0 for nothing special. ASCII case and NULs, which old browsers ignore, do not count. */
export function meaningOf(bytes: Uint8Array, start: number, length: number): number {
  const entry = entries.get(hashOf(bytes, start, length));
  return entry !== undefined && hasName(bytes, start, length, entry.name) ? entry.meaning : 0;
}

function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = 17;
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]!;
    if (byte !== 0) hash = (Math.imul(hash, 31) + upperCode(byte)) & 0x3fffffff;
  }
  return hash;
}

function hasName(bytes: Uint8Array, start: number, length: number, name: string): boolean {
  let same = 0;
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]!;
    if (byte === 0) continue;
    if (same === name.length || upperCode(byte) !== name.charCodeAt(same)) return false;
    same++;
  }
  return same === name.length;
}

/** ASCII upper case of a character code. */
export function upperCode(code: number): number {
  return code >= 0x61 && code <= 0x7a ? code - 0x20 : code;
}
