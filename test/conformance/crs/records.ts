// The gateway's access and waf records after a run, joined: which rules were logged for which client address.
import type { LoggedRule } from './log-lines.ts';

export interface Logged {
  /** Requests that the gateway has a record of. */
  requests: number;
  readonly rules: LoggedRule[];
  /** The rules stopped one, which detection mode never does. */
  isStopped: boolean;
}

/** `access` and `waf` are JSON lines (one record a line) and belong together by `requestId`. */
export function joinRecords(access: string, waf: string): Map<string, Logged> {
  const byClient = new Map<string, Logged>();
  const byRequest = new Map<string, Logged>();
  for (const { requestId, client, waf } of lines<AccessLine>(access)) {
    const logged = byClient.getOrInsertComputed(client, () => ({ requests: 0, rules: [], isStopped: false }));
    logged.requests++;
    if (waf?.verdict === 'block') logged.isStopped = true;
    byRequest.set(requestId, logged);
  }
  for (const { requestId, rules } of lines<{ requestId: string; rules: LoggedRule[] }>(waf)) {
    const logged = byRequest.get(requestId);
    if (logged === undefined) throw new Error(`a waf record without its access record: ${requestId}`);
    logged.rules.push(...rules);
  }
  return byClient;
}

interface AccessLine {
  readonly requestId: string;
  readonly client: string;
  readonly waf?: { readonly verdict: string };
}

function* lines<T>(text: string): Generator<T> {
  for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as T;
}
