// The part of the file about the servers behind the gateway.

import type { UpstreamConfig } from '../config.ts';
import { flag, integer, off, text, word } from './kind.ts';
import { duration, percent } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, table, value } from './node.ts';
import { hostName, pathPrefix, requestKey, serverUrl, upstreamName } from './web.ts';

export const protocols: readonly UpstreamConfig['protocol'][] = ['auto', 'http1', 'h2'];
export const balances: readonly UpstreamConfig['balance'][] = ['least-requests', 'round-robin', 'random-two'];
export const defaultMaxConnections = 256;

const pemPath = text('a path', 'the path of a PEM file');

const server: Node = map(
  'A server; with weight, a map.',
  {
    url: value('http or https, host, port, perhaps a base path.', serverUrl, { examples: ['http://10.0.0.5:3000'] }),
    weight: value('Its share of requests against the others.', integer(1, 1000), { default: 1 }),
  },
  { required: ['url'], is: [serverUrl] },
);

const tls: Node = map(
  'TLS to servers with https URLs.',
  {
    ca: value('PEM file of the authorities that are trusted instead of the public ones.', pemPath, { default: null }),
    cert: value('PEM file of the certificate that the gateway shows.', pemPath, { default: null }),
    key: value("PEM file of that certificate's key.", pemPath, { default: null }),
    serverName: value("The name asked for and checked instead of the URL's host.", hostName, { default: null }),
    verify: value("Whether the server's certificate is checked.", flag, { default: true }),
  },
  { together: { cert: ['key'], key: ['cert'] } },
);

const health: Node = map(
  'Asking servers whether they are well.',
  {
    path: value('What is asked for.', pathPrefix, { default: '/healthz' }),
    interval: value('How often.', [duration(1), off], { default: '5s' }),
    timeout: value('How long an answer may take.', duration(1), { default: '2s' }),
    unhealthyAfter: value('Failures in a row that take a server out.', integer(1, 1000), { default: 3 }),
    healthyAfter: value('Successes in a row that bring it back.', integer(1, 1000), { default: 2 }),
    expect: value('Statuses of a healthy answer.', text('statuses', 'statuses like 200-399'), { default: '200-399' }),
  },
  { default: null, is: [off], later: { what: 'checking health', offBy: 'interval' } },
);

const ejection: Node = map(
  'Taking a server out for a while when requests to it fail.',
  {
    failures: value('Failures in a row.', integer(0, 1000), { default: 5 }),
    for: value('For how long.', duration(1), { default: '30s' }),
  },
  { default: null, is: [off], later: { what: 'ejecting servers that fail', offBy: 'failures' } },
);

const retries: Node = map(
  'Sending a request again to another server when it is safe.',
  {
    attempts: value('Further attempts; 0: none.', integer(0, 10), { default: 2 }),
    on: list(
      'What is tried again: connect (no connection) and statuses.',
      value('connect or a status.', [word('connect'), integer(500, 599)]),
      {
        default: ['connect', 502, 503, 504],
      },
    ),
    budget: value('The share of requests that may be retries.', percent, { default: '20%' }),
  },
  { default: null, is: [off], later: { what: 'retrying requests', offBy: 'attempts' } },
);

const upstream: Node = map(
  'A group of servers that answer alike.',
  {
    servers: list('The servers: URLs, or maps of url and weight.', server, { least: 1 }),
    protocol: value(
      'How the gateway speaks to them; auto: HTTP/2 where TLS negotiates it, else HTTP/1.1.',
      word(...protocols),
      { default: 'auto' },
    ),
    balance: value('Which server gets the next request.', word(...balances, 'hash'), {
      default: 'least-requests',
      later: { what: 'balancing by hash', only: 'hash' },
    }),
    hashOn: value('What hash balancing goes by.', [requestKey, off], {
      default: null,
      examples: ['client.ip', 'header:x-tenant', 'cookie:session', 'path'],
      later: { what: 'balancing by hash' },
    }),
    sticky: map(
      'A cookie keeps a client at one server.',
      { cookie: value('Name of the cookie.', [text('a name', 'a cookie name'), off], { default: 'gh_node' }) },
      { default: null, is: [off], later: { what: 'keeping clients at one server' } },
    ),
    health,
    ejection,
    retries,
    tls,
    maxConnections: value('Connections to one server.', integer(1, 100_000), { default: defaultMaxConnections }),
  },
  { required: ['servers'] },
);

export const upstreams: Node = table('Servers behind the gateway, by name.', upstreamName, upstream, { default: {} });
