// Requests as a client would send them, put together from parts.
import type { BenchRequest } from '../request.ts';
import type { Random } from './random.ts';

export interface Sketch {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly type?: string;
  readonly body?: string | Buffer;
}

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile Safari/537.36',
];

/** With what every browser sends; a header of the sketch takes the place of one of these. */
export function requestOf(sketch: Sketch, random: Random): BenchRequest {
  const body = Buffer.from(sketch.body ?? '');
  const own = new Set((sketch.headers ?? []).map(([name]) => name.toLowerCase()));
  const usual: [string, string][] = [
    ['host', 'shop.example.com'],
    ['user-agent', random.of(AGENTS)],
    [
      'accept',
      random.of([
        '*/*',
        'application/json, text/plain, */*',
        'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
      ]),
    ],
    ['accept-language', random.of(['en-GB,en;q=0.9', 'de-DE,de;q=0.9,en;q=0.8', 'fr', 'nl,en-US;q=0.7,en;q=0.3'])],
    ['accept-encoding', 'gzip, deflate, br'],
  ];
  const typed: [string, string][] = sketch.type === undefined ? [] : [['content-type', sketch.type]];
  if (body.length > 0) typed.push(['content-length', String(body.length)]);
  return {
    method: sketch.method ?? (body.length > 0 ? 'POST' : 'GET'),
    target: asciiTarget(sketch.target ?? '/'),
    headers: [...usual.filter(([name]) => !own.has(name)), ...typed, ...(sketch.headers ?? [])].map(
      ([name, value]): [string, string] => [name, headerBytes(value)],
    ),
    body,
  };
}

/** What no client can put on a request line is percent-encoded. */
function asciiTarget(target: string): string {
  return target.replace(/[^\x21-\x7e]+/g, (text) =>
    encodeURIComponent(text.isWellFormed() ? text : text.toWellFormed()),
  );
}

/** No header field has line ends or NUL in it. */
function headerBytes(value: string): string {
  return Buffer.from(value.replace(/[\r\n\0]+/g, ' ')).toString('latin1');
}
