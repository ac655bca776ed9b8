// Natural text that differs each time and is the same in every run. No word is a command, a keyword of SQL or a name
// that a rule looks for: benign requests must score nothing.

const WORDS = `
amber anchor apple apricot autumn bakery balcony bamboo barley basket beacon berry blanket blossom blue bottle bread
breeze bright brook butter button candle canyon carpet castle cedar cherry chestnut circle clover cloud
coast copper coral cotton cottage creek crimson crystal curtain daisy dawn desert distant dolphin eagle early
ebony elder ember evening falcon feather fern field flame flower forest fountain fresh frost garden garnet gentle
ginger glacier golden grain granite grape green harbor harvest hazel heather hedge hollow honey horizon indigo island
ivory ivy jacket jasmine jungle juniper kettle kitchen ladder lagoon lantern large laurel lavender leather lemon lilac
linen little lively lotus maple marble marsh meadow mellow melon midnight mild mirror misty morning mossy mountain
mustard narrow nectar nutmeg oak oasis ocean olive orange orchard orchid oyster paddle palm pantry parsley pasture
peach pearl pebble pepper petal pillow pine planet plum pond poppy prairie pumpkin purple quartz quiet quilt rabbit
raven reef ribbon ripple river rocky rosemary round russet saddle saffron sandy sapphire scarlet season
shallow shelter shore silent silver slope small smooth snowy soft spice spring spruce starling steady stone
stream summer sunny sunset swallow sweet tall teal thimble thistle timber topaz tranquil trellis tulip turquoise
twilight valley vanilla velvet village violet walnut warm waterfall willow window winter wooden yellow zephyr
`
  .trim()
  .split(/\s+/);

const LETTERS = 'bcdfghjkmnpqrstvwz'.split('');
const DIGITS = '0123456789'.split('');

/** Words and numbers in an order that the seed decides (mulberry32). */
export class Writer {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0, below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  /** One of them. */
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  word(): string {
    return this.of(WORDS);
  }

  words(count: number): string {
    return Array.from({ length: count }, () => this.word()).join(' ');
  }

  /** Words with a number of three to five digits: a value that has hardly been seen before. */
  label(): string {
    return `${this.word()} ${this.word()} ${this.digits(3 + this.below(3))}`;
  }

  digits(count: number): string {
    let text = String(1 + this.below(9));
    while (text.length < count) text += this.below(10);
    return text;
  }

  /** Letters and digits in turn: no word can come of it. */
  id(length: number): string {
    let text = '';
    while (text.length < length) text += this.of(text.length % 2 === 0 ? LETTERS : DIGITS);
    return text;
  }

  /** Sentences of exactly so many characters. */
  prose(length: number): string {
    const parts: string[] = [];
    for (let left = length; left > 0; ) {
      const words = this.words(5 + this.below(9));
      const sentence = `${words[0]?.toUpperCase()}${words.slice(1)} ${this.below(1000)}. `;
      parts.push(sentence);
      left -= sentence.length;
    }
    return parts.join('').slice(0, length);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.below(256);
    return bytes;
  }
}
