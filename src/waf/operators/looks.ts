// looks: what a value looks like as a whole, by a name. Each look is one pass over the value.
import { byteAt } from '../transforms/bytes.ts';
import { open } from '../transforms/scratch.ts';
import { type Operator, OperatorError } from './operator.ts';

export interface Look {
  /** In a few words, for whoever writes a rule. */
  readonly description: string;
  readonly test: (value: string) => boolean;
  /** Bytes of which a value needs one to pass; absent: none is needed. */
  readonly triggers?: readonly number[];
}

/** By name. */
export const LOOKS: Readonly<Record<string, Look>> = {
  document: {
    description: 'several lines, or more than a paragraph: a text that somebody wrote and no single payload',
    test: isDocument,
  },
  fenced: {
    description: 'a block of code in Markdown',
    test: (value) => value.includes('```'),
  },
  prose: { description: 'a sentence of at least seven words, nearly all of them plain', test: isProse },
};

export const looks: Operator = {
  name: 'looks',
  macros: false,
  compile({ argument }) {
    const look = Object.hasOwn(LOOKS, argument) ? LOOKS[argument] : undefined;
    if (look === undefined) throw new OperatorError(`there is no look ${argument}`);
    return look.test;
  },
};

/** Longer than nearly all payloads are. */
const LONG_BYTES = 600;
const MANY_LINES = 3;
/** Different words: what is stretched by filling has few. */
const WORDS_OF_LINES = 12;
const WORDS_OF_LONG = 30;

function isDocument(value: string): boolean {
  const isLong = value.length >= LONG_BYTES;
  if (!isLong && !hasLines(value)) return false;
  return hasWords(value, isLong ? WORDS_OF_LONG : WORDS_OF_LINES);
}

function hasLines(value: string): boolean {
  let lines = 0;
  for (let at = value.indexOf('\n'); at !== -1; at = value.indexOf('\n', at + 1))
    if (++lines >= MANY_LINES) return true;
  return false;
}

/** The shortest word that counts. */
const LEAST_LETTERS = 3;
const MOST_LETTERS = 24;

/** Whether that many different words of letters stand in the text; letters of any language count. */
function hasWords(value: string, wanted: number): boolean {
  const words = new Set<string>();
  const bytes = open(value);
  const end = value.length;
  let start = 0;
  for (let index = 0; index <= end; index++) {
    const byte = byteAt(bytes, index, end);
    if (((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte >= 0x80) continue;
    const length = index - start;
    if (length >= LEAST_LETTERS && length <= MOST_LETTERS) {
      words.add(value.slice(start, index));
      if (words.size >= wanted) return true;
    }
    start = index + 1;
  }
  return false;
}

const FEWEST_WORDS = 7;
/** Of ten words, as many are letters with a mark behind at most. */
const PLAIN_SHARE = 0.8;
const WORD = /^["'(]?[A-Za-z\x80-\xff]+(?:['-][A-Za-z\x80-\xff]+)*["')]?[.,:;!?]?$/;

/** Words of letters, with few signs between them. */
function isProse(value: string): boolean {
  const words = value.split(/\s+/, MOST_WORDS).filter((word) => word !== '');
  if (words.length < FEWEST_WORDS) return false;
  return words.filter((word) => WORD.test(word)).length >= words.length * PLAIN_SHARE;
}

const MOST_WORDS = 200;
