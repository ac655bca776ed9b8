// What is done about servers that fail, and which one a client is kept at.

import type {
  EjectionConfig,
  HashConfig,
  HealthConfig,
  RequestKey,
  RetriesConfig,
  StickyConfig,
  UpstreamConfig,
} from '../model/upstreams.ts';
import type { Part } from '../part.ts';
import { parseHostName } from '../syntax/host-name.ts';
import { parsePathPrefix } from '../syntax/request-match.ts';
import { parseStatusRanges } from '../syntax/status-ranges.ts';

export function resolveHash(upstream: Part, balance: UpstreamConfig['balance']): HashConfig {
  const on = upstream.at('hashOn');
  const factor = upstream.at('hashFactor');
  if (on.isGiven && !on.isOff && balance !== 'hash') {
    on.fault('bad-value', 'hashOn says what hash balancing goes by; write balance: hash beside it', 'key');
  }
  return { on: requestKey(on), factor: factor.isOff ? undefined : factor.number() / 100 };
}

function requestKey(part: Part): RequestKey {
  const [by, name] = (part.isOff ? '' : (part.text() ?? '')).split(':', 2);
  if (by === 'header') return { by, name: (name ?? '').toLowerCase() };
  if (by === 'cookie') return { by, name: name ?? '' };
  return { by: by === 'path' ? 'path' : 'client.ip' };
}

export function resolveSticky(part: Part): StickyConfig | undefined {
  if (!part.isGiven || part.isOff || part.at('cookie').isOff) return undefined;
  return { cookie: part.at('cookie').text() ?? '', secret: part.at('secret').text() };
}

export function resolveHealth(part: Part): HealthConfig | undefined {
  if (!part.isGiven || part.isOff || part.at('interval').isOff) return undefined;
  const written = part.at('path').text() ?? '';
  const path = parsePathPrefix(written);
  const host = parseHostName(part.at('host').text() ?? '');
  const expect = parseStatusRanges(part.at('expect').text() ?? '');
  return {
    path: `${'value' in path ? path.value : ''}${written.endsWith('/') ? '/' : ''}`,
    host: 'value' in host ? host.value : undefined,
    intervalMs: part.at('interval').durationMs(),
    timeoutMs: part.at('timeout').durationMs(),
    unhealthyAfter: part.at('unhealthyAfter').number(),
    healthyAfter: part.at('healthyAfter').number(),
    expect: 'value' in expect ? expect.value : [],
  };
}

export function resolveEjection(part: Part): EjectionConfig | undefined {
  const failures = part.at('failures').number();
  if (part.isOff || failures === 0) return undefined;
  const forMs = part.at('for').durationMs();
  return {
    failures,
    forMs,
    longestMs: Math.max(forMs, part.at('longest').durationMs()),
    share: part.at('share').fraction(),
  };
}

export function resolveRetries(part: Part): RetriesConfig | undefined {
  const attempts = part.at('attempts').number();
  if (part.isOff || attempts === 0) return undefined;
  const on = part
    .at('on')
    .items()
    .map((item) => item.text() ?? '');
  return {
    attempts,
    onConnect: on.includes('connect'),
    onStatus: new Set(on.filter((each) => each !== 'connect').map(Number)),
    budget: part.at('budget').fraction(),
    minimum: part.at('minimum').number(),
    keepBodyBytes: part.at('keepBody').bytes(),
  };
}
