// A group of servers as the file describes it, and requests to it.
import { onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { UpstreamConfig } from '../../src/config/model/upstreams.ts';
import type { BodySource } from '../../src/http/body.ts';
import { isWhole, type Reply } from '../../src/http/reply.ts';
import { Call } from '../../src/upstream/call.ts';
import type { Wish } from '../../src/upstream/dispatch.ts';
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts';

export function groupConfig(yaml: string): UpstreamConfig {
  const text = `upstreams: { app: ${yaml} }\nsites: { a.test: { to: app } }`;
  const { config, problems } = parseConfig(text, { file: 'test.yaml', baseDir: '/', env: {} });
  const settings = config?.upstreams.get('app');
  if (settings === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return settings;
}

/** Closed after the test. */
export function groupOf(yaml: string, options: Partial<UpstreamOptions> = {}): Upstream {
  const upstream = new Upstream(groupConfig(yaml), { timeoutMs: 5000, ...options });
  onTestFinished(() => upstream.close());
  return upstream;
}

export interface Asked {
  readonly method?: string;
  readonly body?: BodySource;
  readonly wish?: Wish;
}

/** The reply, and the servers that were asked, in order. */
export async function send(upstream: Upstream, asked: Asked = {}): Promise<{ reply: Reply; servers: string[] }> {
  const servers: string[] = [];
  const makeCall = (backend: { origin: string }): Call => {
    servers.push(backend.origin);
    return new Call(asked.method ?? 'GET', '/', 'a.test', [], asked.body);
  };
  return { reply: await upstream.send(makeCall, asked.wish), servers };
}

/** The answer's text. */
export async function ask(upstream: Upstream, asked: Asked = {}): Promise<string> {
  const { body } = (await send(upstream, asked)).reply;
  if (body === undefined) return '';
  if (isWhole(body)) return Buffer.from(body).toString();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  body.start({
    write(chunk) {
      text += Buffer.from(chunk).toString();
      return true;
    },
    end: () => resolve(text),
    fail: reject,
  });
  return promise;
}

/** A body that is there at once. */
export function bodyOf(text: string): BodySource & { readonly starts: number } {
  const source = {
    length: text.length,
    starts: 0,
    start(sink: Parameters<BodySource['start']>[0]): void {
      source.starts++;
      sink.write(Buffer.from(text));
      sink.end([]);
    },
    resume(): void {},
    cancel(): void {},
  };
  return source;
}
