// The part of the file about the servers behind the gateway.

import type { UpstreamConfig } from '../model/upstreams.ts';
import { flag, integer, off, text, word } from './kind.ts';
import { duration } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, table, value } from './node.ts';
import { ejection, health, retries, sticky } from './resilience.ts';
import { hostName, requestKey, serverUrl, upstreamName } from './web.ts';

export const protocols: readonly UpstreamConfig['protocol'][] = ['auto', 'http1', 'h2'];
export const balances: readonly UpstreamConfig['balance'][] = ['least-requests', 'round-robin', 'random-two', 'hash'];

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

const upstream: Node = map(
  'A group of servers that answer alike.',
  {
    servers: list('The servers: URLs, or maps of url and weight. No URL twice.', server, { least: 1 }),
    protocol: value(
      'How the gateway speaks to them; auto: HTTP/2 where TLS negotiates it, else HTTP/1.1.',
      word(...protocols),
      { default: 'auto' },
    ),
    balance: value('Which server gets the next request.', word(...balances), { default: 'least-requests' }),
    hashOn: value(
      'What hash balancing goes by, client.ip unless said. IPv6 counts by /64; a request without the header or cookie goes by client.ip.',
      [requestKey, off],
      { default: null, examples: ['client.ip', 'header:x-tenant', 'cookie:session', 'path'] },
    ),
    hashFactor: value(
      'Hash balancing goes on to the next server when one has this many percent of the average load; false: never.',
      [integer(101, 1000), off],
      { default: 125 },
    ),
    sticky,
    health,
    ejection,
    slowStart: value('For how long a server that comes back, or is added, gets a growing share.', duration(0), {
      default: '10s',
    }),
    retries,
    tls,
    connectTimeout: value('How long a connection to a server, with its TLS handshake, may take.', duration(1), {
      default: '5s',
    }),
    resolveEvery: value(
      'How often the addresses of a server with a host name are looked up; false: for each connection.',
      [duration(1000, 86_400_000), off],
      { default: '30s' },
    ),
    maxConnections: value('Connections to one server, without WebSockets.', integer(1, 100_000), { default: 256 }),
    maxRequests: value('Requests under way at one server, over all its connections.', integer(1, 1_000_000), {
      default: 1024,
    }),
    maxTunnels: value(
      'WebSockets at one server. When all are open, the client that has most loses its newest to one that has less.',
      integer(0, 1_000_000),
      { default: 10_000 },
    ),
    maxQueue: value(
      'Requests that wait for one server to be free; more get 503. One client may take all these places, until another wants one: the newest request of whoever has most then gets the 503.',
      integer(0, 1_000_000),
      { default: 1024 },
    ),
    queueTimeout: value('How long they wait at most.', duration(1), { default: '10s' }),
  },
  { required: ['servers'] },
);

export const upstreams: Node = table('Servers behind the gateway, by name.', upstreamName, upstream, { default: {} });
