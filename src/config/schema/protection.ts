// The parts of a site about who may come in and what is kept: access, cache, compression. What is marked as `later` is
// checked already and cannot be on yet.

import { flag, integer, off, text, verbatim, word } from './kind.ts';
import { duration, size } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, table, value } from './node.ts';
import { cidr, headerName, headerValue, mediaType, method, pathGlob, webUrl } from './web.ts';

const name = text('a name', 'a name');
const oneCidr = value('An address range.', cidr);

/** What requests are matched by; all parts that are given must match. */
export const match: Node = map('Which requests; all parts that are given must match.', {
  path: list(
    'Path globs, any of which matches: * stays within a segment, ** crosses.',
    value('A path glob.', pathGlob),
    {
      default: null,
      examples: ['/api/**'],
    },
  ),
  method: list('Methods, any of which matches.', value('A method.', method), {
    default: null,
    examples: [['GET', 'POST']],
  }),
  header: table('Header fields and their exact values; "*": any value.', headerName, value('The value.', headerValue), {
    default: null,
  }),
  query: table(
    'Query parameters and their exact values; "*": any value.',
    text('a name', 'the name of a parameter'),
    value('The value.', verbatim('a text', 'the value as a text')),
    { default: null },
  ),
  client: list('Address ranges, any of which holds the client.', oneCidr, { default: null }),
});

export const access: Node = map(
  'Who may come in at all.',
  {
    allow: list('Only clients from these ranges; bans do not hold for them.', oneCidr, { default: [], is: [off] }),
    deny: list('No client from these ranges, whatever allow says.', oneCidr, { default: [], is: [off] }),
    basic: map(
      'Name and password (RFC 7617).',
      {
        realm: value('What the browser shows.', text('a text', 'a text'), { default: null }),
        users: table(
          'Names and password hashes.',
          name,
          value('A password hash.', verbatim('a hash', 'a password hash')),
          { default: {}, secret: true },
        ),
      },
      { default: null, is: [off], later: { what: 'signing in with a password' } },
    ),
    forward: map(
      'Asking another service about each request.',
      {
        url: value('The service.', webUrl),
        headers: list('Fields of its answer that go on to the upstream.', value('A header name.', headerName), {
          default: [],
        }),
      },
      { required: ['url'], default: null, is: [off], later: { what: 'asking another service' } },
    ),
    oidc: map(
      'Sign-in with OpenID Connect.',
      {
        issuer: value("The provider's issuer URL.", webUrl),
        clientId: value('The identifier that the provider gave.', name),
        clientSecret: value('The secret that the provider gave.', verbatim('a text', 'the secret'), {
          default: null,
          secret: true,
        }),
        scopes: list('What is asked for.', value('A scope.', name), { default: ['openid'] }),
      },
      { required: ['issuer', 'clientId'], default: null, is: [off], later: { what: 'signing in with OpenID Connect' } },
    ),
  },
  { default: {}, is: [off] },
);

const path = text('a path', 'a path, relative to the configuration file');
const longestLifeMs = 365 * 86_400_000;

/** What a route may say of the cache too. */
const cachePolicy = {
  ttl: value('The life of answers that say nothing of it.', [duration(1000, longestLifeMs), off], { default: null }),
  staleIfError: value(
    'How long a stale answer that says nothing of it may stand in while the upstream fails.',
    [duration(1000, longestLifeMs), off],
    { default: null },
  ),
  staleIfDisconnected: value(
    'How long it may while the upstream cannot be reached, or breaks off or says nothing (RFC 9111, 4.2.4).',
    [duration(1000, longestLifeMs), off],
    { default: '10s' },
  ),
  cookies: value(
    'private: requests with cookies get, and leave behind, only what says that it is public; ignore: no answer depends on them.',
    word('private', 'ignore'),
    { default: 'private' },
  ),
  wait: value(
    'How long a request waits for the same answer that another has asked for; 0: never.',
    duration(0, 60_000),
    {
      default: '5s',
    },
  ),
};

export const routeCache: Node = map('Keeping responses for the next client (RFC 9111).', cachePolicy, {
  default: false,
  is: [flag, off],
});

export const cache: Node = map(
  'Keeping responses for the next client (RFC 9111).',
  {
    store: value('Where they are kept: memory, or disk, where a restart finds them again.', word('memory', 'disk'), {
      default: 'memory',
    }),
    dir: value('With disk: the folder, with one file for each site.', path, { default: './cache' }),
    memory: value('With disk: bytes that are kept in memory too, in each worker.', size(1024, 2 ** 40), {
      default: '32MiB',
    }),
    maxSize: value(
      'Bytes in all; in memory, in each worker; on disk, the file takes up to a quarter more.',
      size(1024, 2 ** 40),
      { default: '100MiB' },
    ),
    maxEntrySize: value('Bytes of one response.', size(1, 2 ** 30), { default: '5MiB' }),
    maxEntries: value('Number of responses.', integer(1, 10_000_000), { default: 10_000 }),
    maxVariants: value('Number of responses of one URL, which differ by Vary.', integer(1, 100_000), { default: 100 }),
    ...cachePolicy,
  },
  { default: false, is: [flag, off] },
);

export const compress: Node = map(
  'Compressing responses for clients that take it.',
  {
    encodings: list('The codings, the preferred one first.', value('A content coding.', word('zstd', 'br', 'gzip')), {
      default: ['zstd', 'br', 'gzip'],
      least: 1,
    }),
    types: list(
      'Media types that are compressed; text/* leaves text/event-stream out.',
      value('A media type, like text/html; `*` stands for any part.', mediaType),
      {
        default: [
          'text/*',
          'application/json',
          'application/*+json',
          'application/javascript',
          'application/xml',
          'application/*+xml',
          'application/wasm',
          'image/svg+xml',
          'font/ttf',
          'font/otf',
        ],
      },
    ),
    minSize: value('Smaller responses are sent as they are.', size(0, 2 ** 30), { default: '1KiB' }),
    maxSize: value('Larger ones too, where their size is known.', size(1, 2 ** 40), { default: '10MiB' }),
    concurrent: value(
      'Responses that are being compressed at once; further ones are sent as they are.',
      integer(1, 10_000),
      {
        default: 64,
      },
    ),
  },
  { default: false, is: [flag, off] },
);
