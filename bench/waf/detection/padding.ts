// Attacks between lines of prose: what excuses a text must not excuse what was put into it.
import type { Random } from './random.ts';

const LINES = [
  'Good morning, here is the summary of our meeting on Tuesday.',
  'We agreed that the next delivery leaves before the weekend.',
  'Anna will write to the customers and ask for their wishes.',
  'The garden behind the office needs water twice each week.',
  'Please remember the birthday cake for our colleague Peter.',
  'Nobody has found the missing umbrella in the kitchen yet.',
  'Tickets for the concert cost twelve francs at the counter.',
  'My neighbour plays the violin and her brother sings along.',
  'Yesterday the train arrived late because of heavy snow.',
  'The library opens early during summer and closes at eight.',
];

/** Enough to look like a text that somebody wrote, above, below, on both sides, or in the same line. */
export function padded(text: string, random: Random): string {
  const lines = random.shuffled(LINES);
  const above = lines.slice(0, 5);
  const below = lines.slice(5);
  const place = random.weighted({ above: 3, below: 3, around: 3, within: 1 });
  if (place === 'above') return [...lines, text].join('\n');
  if (place === 'below') return [text, ...lines].join('\n');
  if (place === 'around') return [...above, text, ...below].join('\n');
  return `${above.join('\n')} ${text} ${below.join('\n')}`;
}
