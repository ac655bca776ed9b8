// The part of the file about servers that fail: how that is noticed, and what is done for the requests meanwhile.

import { parseHeaderName } from '../syntax/header-field.ts';
import { parseStatusRanges, statusRangesPattern } from '../syntax/status-ranges.ts';
import type { Kind } from './kind.ts';
import { integer, off, readBy, verbatim, word } from './kind.ts';
import { duration, percent, size } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { hostName, pathPrefix } from './web.ts';

const statuses: Kind = {
  ...readBy('a list of statuses', 'statuses like 200-399 or 200, 204', parseStatusRanges),
  claims: (written) => typeof written === 'string' || typeof written === 'number',
  schema: {
    anyOf: [
      { type: 'string', pattern: statusRangesPattern },
      { type: 'integer', minimum: 100, maximum: 599 },
    ],
  },
};

/** RFC 6265, 4.1.1: a token, as names of fields are. */
const cookieName: Kind = readBy('a cookie name', 'a cookie name like gh_node', (name) => {
  return 'value' in parseHeaderName(name) ? { value: name } : { fault: 'is not a cookie name; write one like gh_node' };
});

const leastSecretLength = 16;
const cookieSecret: Kind = verbatim('a secret', 'a secret of at least 16 characters', (text) => {
  if (text.length >= leastSecretLength) return { value: text };
  return { fault: `is too short; the least is ${leastSecretLength} characters` };
});

export const sticky: Node = map(
  'A cookie keeps a client at one server while that one is there.',
  {
    cookie: value('Name of the cookie.', [cookieName, off], { default: 'gh_node' }),
    secret: value(
      'What the cookie is signed with, the same in all gateways before these servers. By default one is made and kept in certificates.storage.',
      cookieSecret,
      { default: null, examples: [`\${file:/run/secrets/sticky}`], secret: true },
    ),
  },
  { default: null, is: [off], offBy: 'cookie' },
);

export const health: Node = map(
  'Asking servers whether they are well. Until the first answer a server counts as well; that first answer decides by itself.',
  {
    path: value('What is asked for, below the base path of the URL.', pathPrefix, { default: '/healthz' }),
    host: value("The host asked for instead of the URL's.", hostName, { default: null }),
    interval: value(
      'How often; each time up to a tenth more or less, so that gateways do not ask in step.',
      [duration(1), off],
      {
        default: '5s',
      },
    ),
    timeout: value('How long an answer may take, with its connection.', duration(1), { default: '2s' }),
    unhealthyAfter: value('Failures in a row that take a server out.', integer(1, 1000), { default: 3 }),
    healthyAfter: value('Successes in a row that bring it back.', integer(1, 1000), { default: 2 }),
    expect: value('Statuses of a healthy answer.', statuses, { default: '200-399' }),
  },
  { default: null, is: [off], offBy: 'interval' },
);

export const ejection: Node = map(
  'Taking a server out for a while when requests to it fail: no connection, no answer, 502, 503 or 504.',
  {
    failures: value('Failures in a row.', integer(0, 1000), { default: 5 }),
    for: value('For how long at first; twice as long each time it fails again at once.', duration(1), {
      default: '30s',
    }),
    longest: value('The most that grows to.', duration(1), { default: '5m' }),
    share: value('How many of the servers may be out this way; of several at least one may.', percent, {
      default: '50%',
    }),
  },
  { is: [off], offBy: 'failures' },
);

export const retries: Node = map(
  'Sending a request again, to another server where there is one, when its work cannot be done twice.',
  {
    attempts: value('Further attempts; 0: none.', integer(0, 10), { default: 2 }),
    on: list(
      'What is tried again: connect (no connection, or one that breaks before the answer) and statuses.',
      value('connect or a status.', [word('connect'), integer(500, 599)]),
      { default: ['connect', 502, 503, 504] },
    ),
    budget: value('The share of requests, over some ten seconds, that may be sent again.', percent, { default: '20%' }),
    minimum: value('As many in ten seconds are allowed however few requests there are.', integer(0, 100_000), {
      default: 10,
    }),
    keepBody: value(
      'A request body up to this size is kept until the answer comes, so that it can be sent again; 0: none.',
      size(0, 1024 * 1024),
      { default: '16KiB' },
    ),
  },
  { is: [off], offBy: 'attempts' },
);
