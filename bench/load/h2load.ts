// h2load (nghttp2) as generator, for HTTP/2 and for HTTP/1.1 at full load. Its latencies are those of its log,
// request by request; its summary has only means.
import { readFileSync, rmSync } from 'node:fs';
import { run } from '../rig/run.ts';
import { percentile } from '../rig/statistics.ts';
import { HOST } from '../rig/workspace.ts';
import type { Driver, Effort, Sample } from './driver.ts';
import { hung, patienceMs } from './driver.ts';

export interface H2loadPlan {
  readonly protocol: 'h2' | 'http/1.1';
  readonly path: string;
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly streams: number;
  readonly isPost?: boolean;
  /** Requests a second over all connections; absent: as many as the system answers. */
  readonly perSecond?: number;
  /** Length of the right answer. */
  readonly bodyBytes: number;
}

/** One cipher for all, so that no system is measured by its taste: TLS 1.3, AES-128-GCM, X25519. */
export const CIPHER = 'TLS_AES_128_GCM_SHA256';

export function h2load(plan: H2loadPlan): Driver {
  return async ({ port, workspace }, effort, signal) => {
    const log = workspace.file('h2load.log');
    // h2load appends.
    rmSync(log, { force: true });
    const args = [
      amount(plan, effort),
      `--clients=${plan.connections}`,
      `--max-concurrent-streams=${plan.streams}`,
      `--tls13-ciphers=${CIPHER}`,
      `--log-file=${log}`,
      `--connect-to=127.0.0.1:${port}`,
      ...(plan.perSecond === undefined ? [] : [`--rps=${plan.perSecond / plan.connections}`]),
      ...(plan.protocol === 'h2' ? [] : ['--h1']),
      ...(plan.isPost === true ? [`--data=${workspace.postBody}`, '--header=content-type: application/json'] : []),
      `https://${HOST}:${port}${plan.path}`,
    ];
    const { stdout, stderr, code, hasHung } = await run({ file: 'h2load', args }, patienceMs(effort), signal);
    if (hasHung) return hung(effort);
    if (code !== 0) throw new Error(`h2load ended with ${code}: ${stderr}`);
    return readSample(parseH2load(stdout), parseH2loadLog(readFileSync(log, 'latin1')), plan);
  };
}

/**
 * A number of requests wherever the system's pace is known. When h2load goes by the clock instead, requests that were
 * lost with their connection appear nowhere in what it prints.
 */
function amount({ connections, streams, perSecond }: H2loadPlan, { seconds, requestsPerSecond }: Effort): string {
  if (perSecond !== undefined) return `--requests=${perSecond * seconds}`;
  if (requestsPerSecond === undefined) return `--duration=${seconds}`;
  return `--requests=${Math.max(connections * streams, Math.round(requestsPerSecond * seconds))}`;
}

/** What h2load prints at its end. */
export interface H2loadSummary {
  readonly seconds: number;
  /** With a status below 400. */
  readonly succeeded: number;
  /** The others, `errored` included. */
  readonly failed: number;
  /** Never answered to the end: lost with their stream or connection, or never sent for want of one. */
  readonly errored: number;
  readonly timeout: number;
  /** Of bodies. */
  readonly dataBytes: number;
  /** As negotiated; undefined when there was no handshake. */
  readonly protocol: string | undefined;
}

export function parseH2load(stdout: string): H2loadSummary {
  const line = (pattern: RegExp): string => pattern.exec(stdout)?.[1] ?? '';
  const requests = line(/^requests: (.*)$/m);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(requests)?.[1] ?? 0);
  const [, number, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(line(/^finished in ([^,]*),/m)) ?? [];
  return {
    seconds: Number(number) * (SECONDS[unit] ?? Number.NaN),
    succeeded: count('succeeded'),
    failed: count('failed'),
    errored: count('errored'),
    timeout: count('timeout'),
    dataBytes: Number(/\((\d+)\) data/.exec(line(/^traffic: (.*)$/m))?.[1] ?? 0),
    protocol: line(/^Application protocol: (.*)$/m) || undefined,
  };
}

const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1 };

/** In the log, for a status. */
const STREAM_FAILED = -1;

/** Latencies in ms, and how often each status came. */
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

/** What a measurement was worth: figures, and everything about it that should not be. */
export function readSample(summary: H2loadSummary, { latenciesMs, statuses }: H2loadLog, plan: H2loadPlan): Sample {
  const { succeeded, errored, timeout, dataBytes, protocol } = summary;
  const faults: string[] = [];
  for (const [status, count] of statuses) {
    if (status !== STREAM_FAILED && (status < 200 || status > 399)) faults.push(`${count} answers with ${status}`);
  }
  if (errored > 0) faults.push(`${errored} requests lost`);
  if (timeout > 0) faults.push(`${timeout} timeouts`);
  if (summary.failed > 0 && faults.length === 0) faults.push(`${summary.failed} failed requests`);
  if (succeeded === 0) faults.push('no request was answered');
  if (dataBytes < succeeded * plan.bodyBytes) faults.push(`${succeeded} answers had only ${dataBytes} bytes in all`);
  if (protocol !== undefined && protocol !== plan.protocol) faults.push(`it spoke ${protocol}, not ${plan.protocol}`);
  return {
    requests: succeeded,
    seconds: summary.seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    faults,
  };
}
