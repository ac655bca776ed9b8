// h2load (nghttp2) as generator, for HTTP/2 and for HTTP/1.1 at full load. Its latencies are those of its log,
// request by request; its summary has only means.
import { readFileSync, rmSync } from 'node:fs';
import { run } from '../rig/run.ts';
import { percentile } from '../rig/statistics.ts';
import { HOST } from '../rig/workspace.ts';
import type { Driver, Sample } from './driver.ts';
import { hung, PATIENCE_MS } from './driver.ts';

export interface H2loadPlan {
  readonly protocol: 'h2' | 'http/1.1';
  readonly path: string;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly streams: number;
  readonly isPost?: boolean;
  /** Length of the right answer. */
  readonly bodyBytes: number;
}

/** One cipher for all, so that no system is measured by its taste: TLS 1.3, AES-128-GCM, X25519. */
export const CIPHER = 'TLS_AES_128_GCM_SHA256';

export function h2load(plan: H2loadPlan): Driver {
  return async ({ port, workspace }, seconds, signal) => {
    const log = workspace.file('h2load.log');
    // h2load appends.
    rmSync(log, { force: true });
    const args = [
      ...['-t', '1', '-c', String(plan.connections), '-m', String(plan.streams), '-D', String(seconds)],
      ...['--tls13-ciphers', CIPHER, '--log-file', log, '--connect-to', `127.0.0.1:${port}`],
      ...(plan.protocol === 'h2' ? [] : ['--h1']),
      ...(plan.isPost === true ? ['-d', workspace.postBody, '-H', 'content-type: application/json'] : []),
      `https://${HOST}:${port}${plan.path}`,
    ];
    const { stdout, stderr, code, hasHung } = await run({ file: 'h2load', args }, seconds * 1000 + PATIENCE_MS, signal);
    if (hasHung) return hung(seconds);
    if (code !== 0) throw new Error(`h2load ended with ${code}: ${stderr}`);
    return readSample(parseH2load(stdout), parseH2loadLog(readFileSync(log, 'latin1')), plan, seconds);
  };
}

/** What h2load prints at its end. */
export interface H2loadSummary {
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly errored: number;
  readonly timeout: number;
  /** Of 2xx, 3xx, 4xx and 5xx; answers that were not read to the end are among them. */
  readonly statuses: readonly number[];
  /** Of bodies, whole and in part. */
  readonly dataBytes: number;
  /** As negotiated; undefined when there was no handshake. */
  readonly protocol: string | undefined;
  readonly tls: string | undefined;
}

export function parseH2load(stdout: string): H2loadSummary {
  const line = (pattern: RegExp): string => pattern.exec(stdout)?.[1] ?? '';
  const requests = line(/^requests: (.*)$/m);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(requests)?.[1] ?? 0);
  return {
    done: count('done'),
    succeeded: count('succeeded'),
    failed: count('failed'),
    errored: count('errored'),
    timeout: count('timeout'),
    statuses: [...line(/^status codes: (.*)$/m).matchAll(/(\d+) \dxx/g)].map(([, number]) => Number(number)),
    dataBytes: Number(/\((\d+)\) data/.exec(line(/^traffic: (.*)$/m))?.[1] ?? 0),
    protocol: line(/^Application protocol: (.*)$/m) || undefined,
    tls: line(/^TLS Protocol: (.*)$/m) || undefined,
  };
}

/** Latencies in ms, and how often each status came; -1 is a stream that failed. */
export interface H2loadLog {
  readonly latenciesMs: readonly number[];
  readonly statuses: ReadonlyMap<number, number>;
}

/** Lines of: start in microseconds, status, microseconds to the end of the answer. */
export function parseH2loadLog(text: string): H2loadLog {
  const latenciesMs: number[] = [];
  const statuses = new Map<number, number>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, status = NaN, micros = NaN] = line.split('\t').map(Number);
    latenciesMs.push(micros / 1000);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  return { latenciesMs, statuses };
}

function readSample(summary: H2loadSummary, log: H2loadLog, plan: H2loadPlan, seconds: number): Sample {
  const faults: string[] = [];
  const { succeeded, dataBytes, protocol } = summary;
  for (const [status, count] of log.statuses) {
    if (status === -1) faults.push(`${count} streams broken off`);
    else if (status < 200 || status > 399) faults.push(`${count} answers with ${status}`);
  }
  if (summary.errored > 0) faults.push(`${summary.errored} errors`);
  if (summary.timeout > 0) faults.push(`${summary.timeout} timeouts`);
  if (summary.failed > 0 && faults.length === 0) faults.push(`${summary.failed} failed requests`);
  if (summary.done === 0) faults.push('no request was answered');
  if (dataBytes < succeeded * plan.bodyBytes) faults.push(`bodies cut short: ${dataBytes} bytes for ${succeeded}`);
  if (protocol !== undefined && protocol !== plan.protocol)
    faults.push(`spoke ${protocol} instead of ${plan.protocol}`);
  const { latenciesMs } = log;
  return {
    requests: Math.max(succeeded, dataBytes / plan.bodyBytes),
    seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    faults,
  };
}
