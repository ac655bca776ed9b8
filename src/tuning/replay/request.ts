// A request that was sent once, wherever it was written down, as rules can be tried on it.

export interface PastRequest {
  /** For reports: its id, or the file and its place there. */
  readonly name: string;
  /** Whose rules apply; by the site's name where it is known, else by the Host field. */
  readonly site: string | undefined;
  readonly client: string;
  readonly method: string;
  /** As sent. All texts are bytes, one char each. */
  readonly target: string;
  readonly protocol: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The body was longer. */
  readonly isCut: boolean;
  /** Whether it was stopped, or would have been; undefined: nobody wrote that down. */
  readonly wasStopped: boolean | undefined;
  /** What stopped it. */
  readonly rules: readonly PastRule[];
  /** Known to be honest. */
  readonly isGood: boolean;
}

export interface PastRule {
  readonly id: number;
  readonly fields: readonly string[];
  /** What it matched was left out of the recording. */
  readonly isHidden?: boolean;
}

export const NOTHING_KNOWN = { isCut: false, wasStopped: undefined, rules: [], isGood: false } as const;

/** A text of any language as bytes. */
export function bytesOf(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** The body, and whether less of it was kept than was sent: what is missing is then no fault of the request. */
export function withBody(body: Buffer, headers: readonly string[]): Pick<PastRequest, 'body' | 'isCut'> {
  const at = headers.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'content-length');
  const declared = at === -1 ? 0 : Number(headers[at + 1]);
  return { body, isCut: declared > body.length };
}
