// looks: what a value looks like as a whole, by a name. Each look is one pass over the value.
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

function isDocument(value: string): boolean {
  if (value.length >= LONG_BYTES) return true;
  let lines = 0;
  for (let at = value.indexOf('\n'); at !== -1; at = value.indexOf('\n', at + 1))
    if (++lines >= MANY_LINES) return true;
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
