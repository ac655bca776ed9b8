// The checked document becomes the Config: defaults filled, units read, names tied to what they name.
// Faults between parts of the file are told here; the result then counts for nothing.

import { automaticWorkers } from '../automatic-workers.ts';
import type { Config, LogsConfig, LogTarget, RecordConfig } from '../config.ts';
import type { ConfigDocument } from '../document.ts';
import { Part } from '../part.ts';
import { auditParts, logLevels, secretFields } from '../schema/server.ts';
import { resolveCertificates } from './certificates.ts';
import { resolveBans } from './limits.ts';
import { resolveAddresses, resolveSocket } from './listen.ts';
import { resolveShared } from './shared.ts';
import { resolveSites } from './sites.ts';
import { checkStickyNames } from './sticky-names.ts';
import { Upstreams } from './upstreams.ts';

export interface Origin {
  /** Absolute; undefined when the text came from no file. */
  readonly file: string | undefined;
  /** Absolute; relative paths in the file start here. */
  readonly baseDir: string;
}

/** Never throws, whatever the document holds; only meaningful when the report stays empty. */
export function resolveConfig(document: ConfigDocument, origin: Origin): Config {
  const root = Part.root(document);
  const { baseDir } = origin;
  const upstreams = new Upstreams(root.at('upstreams'), baseDir);
  const sites = resolveSites(root.at('sites'), upstreams, baseDir);
  checkStickyNames(sites, upstreams);
  const { https, http, admin } = resolveAddresses(root);
  const shared = root.at('shared');
  return {
    file: origin.file,
    listen: { https, http, proxyProtocol: texts(root.at('listen').at('proxyProtocol')) },
    trustedProxies: texts(root.at('trustedProxies')),
    workers: resolveWorkers(root.at('workers')),
    shared: resolveShared(shared, baseDir),
    admin: { socket: resolveSocket(root.at('admin').at('socket'), baseDir), http: admin },
    timeouts: resolveTimeouts(root.at('timeouts')),
    requestLimits: resolveRequestLimits(root.at('requestLimits')),
    bans: resolveBans(root.at('bans')),
    certificates: resolveCertificates(root.at('certificates'), baseDir, shared.isGiven && !shared.isOff),
    upstreams: upstreams.all(),
    sites,
    logs: resolveLogs(root.at('logs'), baseDir),
    record: resolveRecord(root.at('record'), baseDir),
  };
}

function resolveWorkers(workers: Part): number {
  return workers.text() === 'auto' ? automaticWorkers() : workers.number();
}

function resolveTimeouts(timeouts: Part): Config['timeouts'] {
  return {
    handshakeMs: timeouts.at('handshake').durationMs(),
    headersMs: timeouts.at('headers').durationMs(),
    bodyMs: timeouts.at('body').durationMs(),
    bodyTotalMs: timeouts.at('bodyTotal').durationMs(),
    writeMs: timeouts.at('write').durationMs(),
    idleMs: timeouts.at('idle').durationMs(),
    connectionMs: timeouts.at('connection').durationMs(),
    upstreamMs: timeouts.at('upstream').durationMs(),
    streamMs: timeouts.at('stream').durationMs(),
    drainMs: timeouts.at('drain').durationMs(),
    leaveMs: timeouts.at('leave').durationMs(),
    stallMs: timeouts.at('stall').durationMs(),
  };
}

function resolveRequestLimits(limits: Part): Config['requestLimits'] {
  return {
    bodyBytes: limits.at('body').bytes(),
    headerBytes: limits.at('header').bytes(),
    headers: limits.at('headers').number(),
    uriBytes: limits.at('uri').bytes(),
    ranges: limits.at('ranges').number(),
    streams: limits.at('streams').number(),
    waitingStreams: limits.at('waitingStreams').number(),
    requestsPerConnection: limits.at('requestsPerConnection').number(),
    bodyRate: limits.at('bodyRate').bytes(),
    connections: limits.at('connections').number(),
    connectionsPerIp: limits.at('connectionsPerIp').number(),
    resetsPerIp: limits.at('resetsPerIp').number(),
    unprovenPerIp: limits.at('unprovenPerIp').number(),
    counters: limits.at('counters').number(),
    delayed: limits.at('delayed').number(),
  };
}

function resolveLogs(logs: Part, baseDir: string): LogsConfig {
  return {
    level: logs.at('level').word(logLevels),
    access: logTarget(logs.at('access'), baseDir),
    waf: logTarget(logs.at('waf'), baseDir),
    audit: auditParts.filter((part) => texts(logs.at('audit')).includes(part)),
    redact: texts(logs.at('redact')).map((name) => name.toLowerCase()),
    recent: { findings: logs.at('recent').at('findings').number(), bytes: logs.at('recent').at('size').bytes() },
  };
}

function resolveRecord(record: Part, baseDir: string): RecordConfig | undefined {
  if (!record.isGiven || record.isOff) return undefined;
  return {
    dir: record.at('dir').path(baseDir) ?? '',
    sample: share(record.at('sample')),
    hits: share(record.at('hits')),
    bodyBytes: record.at('body').bytes(),
    fileBytes: record.at('file').bytes(),
    files: record.at('files').number(),
    ageMs: record.at('age').durationMs(),
    redact: redactedNames(record.at('redact')),
  };
}

/** Names add to the usual ones; only `false` leaves these out. */
function redactedNames(part: Part): string[] {
  if (part.isOff) return [];
  return [...new Set([...secretFields, ...texts(part).map((name) => name.toLowerCase())])];
}

function share(part: Part): number {
  return part.isOff ? 0 : part.fraction();
}

function logTarget(part: Part, baseDir: string): LogTarget {
  if (part.isOff) return false;
  if (part.value === 'stdout' || part.value === 'stderr') return part.value;
  return { file: part.path(baseDir) ?? '' };
}

function texts(list: Part): string[] {
  return list.items().map((item) => item.text() ?? '');
}
