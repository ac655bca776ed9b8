// The part of the file about clients that ask too often: limits, and bans for those who do not stop.

import { parseLimitKey, parseLimitName } from '../syntax/limit.ts';
import { parseStatusRanges } from '../syntax/status-ranges.ts';
import { flag, integer, off, readBy, word } from './kind.ts';
import { duration, rate } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, table, value } from './node.ts';
import { match } from './protection.ts';
import { cidr } from './web.ts';

const dayMs = 86_400_000;
export const withoutWords = ['client', 'pass', 'refuse'] as const;
export const tellWords = ['refused', 'always', 'never'] as const;

const limitName = readBy('a name', 'a name of letters, digits, -, _ and .', parseLimitName);
const limitKey = readBy(
  'a property of the request',
  'client.ip, site, path, header:NAME, cookie:NAME or jwt:CLAIM',
  parseLimitKey,
);
const statuses = readBy('a list of statuses', 'statuses like 401 or 400-499', parseStatusRanges);
const banTime = duration(1000, 365 * dayMs);

export const limits: Node = list(
  "Rate limits; the first that refuses answers 429. A route's own take the place of the site's.",
  map('A bucket of burst that refills at rate, or a number of requests at the same time.', {
    name: value(
      'For records and the RateLimit fields. Limits of one name and rate within a site count together.',
      limitName,
      {
        default: null,
        examples: ['login'],
      },
    ),
    match,
    key: list(
      'What is counted apart; several are counted by each combination. IPv6 clients count by /64. jwt:CLAIM reads the bearer token without checking its signature.',
      value('A property of the request.', limitKey, { examples: ['header:x-api-key'] }),
      { default: ['client.ip'], least: 1 },
    ),
    without: value(
      'A request without that header, cookie or claim: counted by its client, let pass, or refused.',
      word(...withoutWords),
      {
        default: 'client',
      },
    ),
    rate: list('How often, like 5/min; of several each must allow it.', value('A rate.', rate), {
      default: null,
      examples: ['5/min', ['10/s', '1000/h']],
    }),
    burst: value("How many at once; by default the rate's count.", integer(1, 1_000_000_000), { default: null }),
    concurrent: value('How many at the same time, on this machine.', integer(1, 10_000_000), { default: null }),
    cost: table(
      'What an answer costs by its status; others cost nothing. By default every request costs 1 whatever its answer.',
      statuses,
      value('The cost.', integer(0, 1_000_000)),
      { default: null, examples: [{ '401, 403': 1 }] },
    ),
    delay: value(
      'How long a request over the rate may wait for room before it is refused.',
      [duration(0, 60_000), off],
      {
        default: '0s',
      },
    ),
    ban: value('How long a client that was refused stays out of the site.', [banTime, off], {
      default: null,
      examples: ['15m'],
    }),
    tell: value('Which answers have the RateLimit fields.', word(...tellWords), { default: 'refused' }),
    approximate: value(
      'With shared: clients far from the limit are counted here and told to the others a moment later, without waiting.',
      flag,
      { default: false },
    ),
  }),
  { default: [], is: [off] },
);

export const bans: Node = map('Clients that are kept out for a while.', {
  exempt: list('Never banned, as trusted proxies and balancers never are.', value('An address range.', cidr), {
    default: [],
    is: [off],
  }),
  drop: value(
    'connection: who is banned from all sites is not even heard; answer: everybody gets a 403.',
    word('answer', 'connection'),
    {
      default: 'answer',
    },
  ),
  growth: value('How many times as long each further ban of the same client lasts; 1: no longer.', integer(1, 100), {
    default: 2,
  }),
  longest: value('The most that grows to.', banTime, { default: '7d' }),
  remember: value('How long after its end a ban makes the next one longer.', duration(0, 365 * dayMs), {
    default: '1d',
  }),
  max: value('Bans at the same time; the one that ends first gives way.', integer(1, 1_000_000), { default: 100_000 }),
  waf: map(
    'Clients whose requests the rules block again and again.',
    {
      points: value(
        'A blocked request counts its score, at most 10; more points than this within the window are a ban.',
        integer(11, 1_000_000),
        {
          default: 50,
        },
      ),
      window: value('The window.', duration(1000, dayMs), { default: '10m' }),
      for: value('How long.', banTime, { default: '15m' }),
    },
    { default: null, is: [off] },
  ),
});
