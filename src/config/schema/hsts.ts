// The part of the file about HSTS: browsers that were told once never come by plain HTTP again (RFC 6797).

import { flag, off } from './kind.ts';
import { duration } from './measures.ts';
import type { Node } from './node.ts';
import { map, value } from './node.ts';

const longestMs = 10 * 365 * 86_400_000;

export const hsts: Node = map(
  'Tells browsers to come by HTTPS only: for how long, like 365d, or a map. Off unless it stands here.',
  {
    maxAge: value('For how long after each answer; 0 takes an earlier promise back.', duration(0, longestMs), {
      default: '365d',
    }),
    includeSubdomains: value('Every name below the host too.', flag, { default: false }),
    preload: value('You ask for it to be built into browsers; that cannot be taken back quickly.', flag, {
      default: false,
    }),
  },
  { default: null, is: [duration(1000, longestMs), off] },
);
