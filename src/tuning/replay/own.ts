// Lines of the gateway's own recordings.
import { isMap, type PastRequest, textOf } from './request.ts';

/** undefined: it is none. */
export function readOwn(line: Readonly<Record<string, unknown>>, name: string): PastRequest | undefined {
  if (line.v !== 1 || typeof line.target !== 'string' || !Array.isArray(line.headers)) return undefined;
  if (!line.headers.every((each) => typeof each === 'string') || line.headers.length % 2 === 1) return undefined;
  return {
    name: textOf(line.requestId) || name,
    site: typeof line.site === 'string' ? line.site : undefined,
    client: textOf(line.client) || '127.0.0.1',
    method: textOf(line.method),
    target: line.target,
    protocol: textOf(line.protocol) || 'HTTP/1.1',
    headers: line.headers,
    body: Buffer.from(textOf(line.body), 'latin1'),
    isCut: line.isCut === true,
    wasStopped: line.verdict === 'pass' ? false : line.verdict === undefined ? undefined : true,
    rules: Array.isArray(line.rules) ? line.rules.filter(isMap).map(ruleOf) : [],
    isGood: line.label === 'good',
  };
}

function ruleOf({ id, fields, isHidden }: Readonly<Record<string, unknown>>): PastRequest['rules'][number] {
  const labels = Array.isArray(fields) ? fields.filter((each) => typeof each === 'string') : [];
  return { id: Number(id), fields: labels, isHidden: isHidden === true };
}
