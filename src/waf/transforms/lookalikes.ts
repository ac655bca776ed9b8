// Characters beyond ASCII that some reader behind the gateway takes for ASCII: compatibility forms (Unicode Standard Annex 15,
// NFKC), and those that code pages map by best fit. Typographic quotes are not among them: prose is full of them.

/** Ranges of characters that have compatibility forms of ASCII. */
const COMPATIBLE: readonly (readonly [first: number, last: number])[] = [
  [0xa0, 0xa0],
  [0x017f, 0x017f],
  [0x037e, 0x037e],
  [0x1fef, 0x1fef],
  [0x2000, 0x206f],
  [0x2070, 0x209f],
  [0x2100, 0x214f],
  [0x2460, 0x24ff],
  [0x3000, 0x303f],
  [0xfb00, 0xfb06],
  [0xfe50, 0xfe6f],
  [0xff00, 0xffef],
  [0x1d400, 0x1d7ff],
];

const BEST_FIT: Readonly<Record<string, string>> = {
  '<': '\u2039\u2329\u3008\u27e8',
  '>': '\u203a\u232a\u3009\u27e9',
  '/': '\u2044\u2215\u29f8',
  '\\': '\u2216\u29f5',
  "'": '\u02b9\u02bc\u2032',
  '"': '\u02ba\u2033',
  ':': '\u02d0\u2236\ua789',
  '.': '\u3002',
  '|': '\u2223',
  '*': '\u2217',
  i: '\u0131',
  I: '\u0130',
};

/** No more than a character has bytes in UTF-8, so that no text grows. */
const MOST_CHARACTERS = 2;

const FORMS = new Map<number, string>();
for (const [first, last] of COMPATIBLE) {
  for (let code = first; code <= last; code++) {
    const form = String.fromCodePoint(code).normalize('NFKC');
    if (form.length <= MOST_CHARACTERS && /^[\x20-\x7e]+$/.test(form)) FORMS.set(code, form);
  }
}
for (const [form, characters] of Object.entries(BEST_FIT)) {
  for (const character of characters) FORMS.set(character.codePointAt(0) as number, form);
}
// Without width: they part the letters of a word and nobody sees it.
for (const code of [0xad, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff]) FORMS.set(code, '');

/** The ASCII that a character is taken for; undefined: for none. */
export function lookalike(code: number): string | undefined {
  return FORMS.get(code);
}
