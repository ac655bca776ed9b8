// The parts of the file that concern the gateway as a whole: where it listens, how long and how much
// it takes, where its records go. Every bound of section "limits" has its default here.

import type { AuditPart, LogsConfig } from '../config.ts';
import { integer, off, offNotZero, text, word } from './kind.ts';
import { duration, percent, size } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { address, cidr } from './web.ts';

export const auditParts: readonly AuditPart[] = ['request-headers', 'request-body', 'response-headers'];
export const logLevels: readonly LogsConfig['level'][] = ['info', 'trace', 'debug', 'warn', 'error', 'silent'];

const oneAddress = value('host:port, :port or a port.', address, {
  examples: [':443', '127.0.0.1:8443', '[::1]:8443'],
});
const oneCidr = value('An address range or one address.', cidr, { examples: ['10.0.0.0/8', '2001:db8::/32'] });

export const listen: Node = map('Where the gateway accepts connections.', {
  https: list('Addresses for HTTPS; HTTP/2 and HTTP/1.1 share the port.', oneAddress, { default: [':443'], least: 1 }),
  http: list('Addresses for plain HTTP, which only redirects to HTTPS; false turns it off.', oneAddress, {
    default: [':80'],
    is: [offNotZero],
  }),
  proxyProtocol: list(
    'Ranges of balancers that begin every connection with a PROXY header, version 1 or 2; false: nobody does.',
    oneCidr,
    { default: false, is: [off], examples: [['10.0.0.0/8']] },
  ),
});

export const trustedProxies: Node = list(
  'Proxies in front of the gateway whose X-Forwarded-For or Forwarded is believed. Default: none.',
  oneCidr,
  { default: [], is: [off], examples: [['10.0.0.0/8']] },
);

export const workers: Node = value(
  'Processes that serve requests, beside one that looks after them; auto: one for each core, as far as there are 512 MiB for each. 0: everything in one process, as is auto where there would be a single one.',
  [word('auto'), integer(0, 1024), off],
  { default: 'auto' },
);

export const admin: Node = map('How operators reach the running gateway.', {
  socket: value(
    'Unix socket for the command line; false turns it off.',
    [text('a path', 'a path of a Unix socket'), off],
    {
      default: 'run/admin.sock',
    },
  ),
  http: value('Address of the dashboard, API, metrics and health checks; false turns it off.', [address, offNotZero], {
    default: '127.0.0.1:9180',
  }),
});

export const timeouts: Node = map('How long the gateway waits.', {
  handshake: value('From the accepted connection to the end of the TLS handshake.', duration(1), { default: '10s' }),
  headers: value(
    'From the first byte of a request to the end of its head; also until the first request of an HTTP/2 connection.',
    duration(1),
    { default: '10s' },
  ),
  body: value('Longest silence within a request body.', duration(1), { default: '30s' }),
  bodyTotal: value(
    'Until the whole request body is there, without the time in which the upstream is slow.',
    duration(1),
    {
      default: '1h',
    },
  ),
  write: value('How long a client may take nothing of an answer that there is for it.', duration(1), {
    default: '60s',
  }),
  idle: value(
    'How long a client connection may stay open without a request; for an HTTP/2 connection that never had one, see headers.',
    duration(1),
    { default: '75s' },
  ),
  connection: value('How long a client connection may stay at all; requests under way are finished.', duration(1), {
    default: '1h',
  }),
  upstream: value("To the upstream's response head, and the longest silence within its body.", duration(1), {
    default: '60s',
  }),
  stream: value('Longest silence, in both directions, of WebSockets and gRPC calls.', duration(1), { default: '1h' }),
  drain: value('How long requests under way may take after the gateway was told to stop.', duration(0), {
    default: '30s',
  }),
  leave: value(
    'How long the gateway goes on as before when it was told to stop, while /readyz says that it is not ready: for balancers that look now and then.',
    duration(0),
    { default: '0s' },
  ),
  stall: value('How long a worker may stand still before it is ended and replaced.', duration(1000), {
    default: '15s',
  }),
});

export const requestLimits: Node = map('How much one request and one client may take.', {
  body: value('Longest request body.', size(1, 2 ** 40), { default: '100MiB' }),
  header: value('The whole request head.', size(1024, 2 ** 20), { default: '16KiB' }),
  headers: value('Number of header fields in a request.', integer(1, 2000), { default: 100 }),
  uri: value('Longest request target.', size(64, 2 ** 20), { default: '8KiB' }),
  ranges: value('Number of parts that a Range field may ask for.', integer(1, 10_000), { default: 16 }),
  streams: value(
    'Concurrent streams in one HTTP/2 connection, or pipelined requests in one of HTTP/1.1.',
    integer(1, 100_000),
    { default: 128 },
  ),
  waitingStreams: value(
    'Streams in one HTTP/2 connection whose client takes nothing of their answers for a quarter of timeouts.write.',
    integer(1, 100_000),
    { default: 64 },
  ),
  requestsPerConnection: value('Requests in one client connection, which then ends.', integer(1, 1_000_000_000), {
    default: 100_000,
  }),
  bodyRate: value(
    'The least size of a request body that comes in each second, on average, after the first timeouts.body; 0: any.',
    size(0, 2 ** 30),
    { default: '256B' },
  ),
  connections: value('Client connections in all.', integer(1, 10_000_000), { default: 10_000 }),
  connectionsPerIp: value('Client connections from one address, of IPv6 from one /64.', integer(1, 10_000_000), {
    default: 256,
  }),
  resetsPerIp: value(
    'Requests that one address may break off or have refused at once; a twentieth comes back each second.',
    integer(1, 10_000_000),
    { default: 2000 },
  ),
  unprovenPerIp: value(
    'Requests at once from one address that has not shown yet that it takes answers; more of them wait for some milliseconds.',
    integer(1, 10_000_000),
    { default: 16 },
  ),
  counters: value(
    'Clients that the limits keep in mind; beyond it the one unseen for longest is forgotten.',
    integer(1000, 20_000_000),
    {
      default: 200_000,
    },
  ),
  delayed: value(
    'Requests that wait because of a limit with a delay; beyond it they are refused.',
    integer(0, 1_000_000),
    {
      default: 1000,
    },
  ),
});

const logTarget = [text('a file', 'stdout, stderr, a path'), off];

export const logs: Node = map('What is recorded, and where.', {
  level: value('The least severe event that is recorded.', word(...logLevels), { default: 'info' }),
  format: value('The form of a record.', word('json'), { default: 'json' }),
  access: value('Where a line for each request goes: stdout, stderr, a file or false.', logTarget, {
    default: 'stdout',
  }),
  waf: value('Where findings of the rules go: stdout, stderr, a file or false.', logTarget, { default: 'stdout' }),
  audit: list(
    'What a finding of the rules shows of its exchange, besides the rules.',
    value('A part.', word(...auditParts)),
    { default: [], is: [off] },
  ),
  redact: list(
    'Headers and query parameters whose values no record shows.',
    value('A name.', text('a name', 'the name of a header or parameter')),
    {
      default: ['authorization', 'cookie', 'set-cookie'],
      is: [off],
    },
  ),
  recent: map('Findings that a running gateway keeps in memory, for gatehouse rules explain.', {
    findings: value('How many; the oldest go first.', integer(0, 100_000), { default: 1000 }),
    size: value('How much memory they may take.', size(0, 2 ** 30), { default: '8MiB' }),
  }),
});

/** Left out of recordings, besides what the operator adds. */
export const secretFields: readonly string[] = [
  'password',
  'passwd',
  'pwd',
  'secret',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'api_key',
  'apikey',
  'x-api-key',
  'client_secret',
  'csrf_token',
  'otp',
  'card',
  'cvv',
];

export const record: Node = map(
  'Recording of sampled requests, for trying rules on them later.',
  {
    dir: value('The folder of the recordings.', text('a folder', 'the path of a folder'), { default: 'traffic' }),
    sample: value('The share of requests that is recorded, of those that the rules let pass.', [percent, off], {
      default: '1%',
    }),
    hits: value('The share that is recorded of requests that rules block, or would block.', [percent, off], {
      default: '100%',
    }),
    body: value('How much of a body is recorded.', size(0, 2 ** 30), { default: '64KiB' }),
    file: value('When a file is this long the next one begins.', size(4096, 2 ** 30), { default: '16MiB' }),
    files: value('How many files there may be, of passed requests and of hits each; the oldest go.', integer(1, 1000), {
      default: 8,
    }),
    age: value('Files are deleted when they are this old.', duration(60_000, 3650 * 86_400_000), { default: '30d' }),
    redact: list(
      'Further headers, cookies and fields whose values are left out, besides the usual ones (the default) and those of logs.redact. Of cookies only the names are recorded.',
      value('A name.', text('a name', 'the name of a header, cookie or field')),
      {
        default: [...secretFields],
        is: [off],
      },
    ),
  },
  { default: null, is: [off] },
);
