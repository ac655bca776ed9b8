// The part of the file about what several machines share.

import { parseHostPort } from '../syntax/address.ts';
import { flag, integer, off, readBy, text, verbatim } from './kind.ts';
import { duration } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { redisUrl } from './web.ts';

const secret = verbatim('a text', 'the password');
/** Not to be guessed from what was sealed with it, which others may have. */
const LEAST_SECRET = 16;
const sealing = verbatim(
  'a text',
  'a secret',
  (value) =>
    value.length < LEAST_SECRET
      ? { fault: `is shorter than ${LEAST_SECRET} characters; write a longer one` }
      : { value },
  `^[\\s\\S]{${LEAST_SECRET},}$`,
);
const hostPort = readBy('an address', 'an address like 10.0.0.9:26379', parseHostPort);
const prefix = readBy('a word', 'a word of letters, digits, -, _ and :', (word) =>
  /^[\w:-]{1,64}$/.test(word) ? { value: word } : { fault: 'is not a word of letters, digits, -, _ and :' },
);

export const shared: Node = map(
  'A Redis or Valkey that several machines share: counters of limits, bans, and with certificates.storage: shared certificates. A URL alone is enough; without it, or while it does not answer, each machine counts for itself.',
  {
    url: value('Where it is; rediss:// is TLS.', redisUrl, { default: null, examples: ['redis://10.0.0.9:6379'] }),
    username: value('For AUTH.', verbatim('a name', 'a name'), { default: null }),
    password: value('For AUTH.', secret, { default: null, secret: true, examples: [`\${file:/run/secrets/redis}`] }),
    database: value('Its number.', integer(0, 65_535), { default: 0 }),
    sentinels: list('Sentinels that are asked where the master is, in place of url.', value('An address.', hostPort), {
      default: [],
      is: [off],
    }),
    master: value('What the sentinels call it.', text('a name', 'a name'), { default: 'mymaster' }),
    sentinelPassword: value("The sentinels' own.", secret, { default: null, secret: true }),
    tls: value('With sentinels: speak TLS to the master and to them.', flag, { default: false }),
    ca: value(
      'PEM file of the authorities that its certificate is from, instead of the public ones.',
      text('a path', 'a path'),
      {
        default: null,
      },
    ),
    timeout: value('What takes longer counts as not answered, and is counted here.', duration(5, 10_000), {
      default: '50ms',
    }),
    secret: value(
      'With certificates.storage: shared, what private keys and all else of it are sealed with there; the same on all machines.',
      sealing,
      { default: null, secret: true, examples: [`\${file:/run/secrets/shared}`] },
    ),
    prefix: value('Begins every key, so that one Redis can serve several gateways.', prefix, { default: 'gatehouse' }),
  },
  { default: null, is: [redisUrl, off], examples: ['redis://10.0.0.9:6379'] },
);
