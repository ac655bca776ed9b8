// Cache-Control of a request (RFC 9111, 5.2.1). What cannot be read is passed over; of two words the stricter counts.

export interface RequestControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly onlyIfCached: boolean;
  /** Seconds; undefined: not said. */
  readonly maxAge: number | undefined;
  readonly minFresh: number | undefined;
  /** Infinity: however stale. */
  readonly maxStale: number | undefined;
}

/** undefined: it asks for nothing. Pragma counts only where there is no Cache-Control (RFC 9111, 5.4). */
export function requestControl(
  cacheControl: string | undefined,
  pragma: string | undefined,
): RequestControl | undefined {
  if (cacheControl === undefined) {
    if (pragma === undefined || !/(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma)) return undefined;
    return { ...NOTHING, noCache: true };
  }
  const said = { ...NOTHING };
  let saysAnything = false;
  for (const directive of cacheControl.split(',')) {
    const equals = directive.indexOf('=');
    const name = (equals === -1 ? directive : directive.slice(0, equals)).trim().toLowerCase();
    const seconds = equals === -1 ? undefined : readSeconds(directive.slice(equals + 1).trim());
    saysAnything ||= KNOWN.has(name);
    if (name === 'no-store') said.noStore = true;
    else if (name === 'no-cache') said.noCache = true;
    else if (name === 'only-if-cached') said.onlyIfCached = true;
    else if (name === 'max-age' && seconds !== undefined) said.maxAge = Math.min(said.maxAge ?? seconds, seconds);
    else if (name === 'min-fresh' && seconds !== undefined) said.minFresh = Math.max(said.minFresh ?? 0, seconds);
    else if (name === 'max-stale') {
      const most = equals === -1 ? Number.POSITIVE_INFINITY : (seconds ?? 0);
      said.maxStale = Math.min(said.maxStale ?? most, most);
    }
  }
  return saysAnything ? said : undefined;
}

const KNOWN = new Set(['no-store', 'no-cache', 'only-if-cached', 'max-age', 'min-fresh', 'max-stale']);

const NOTHING: { -readonly [K in keyof RequestControl]: RequestControl[K] } = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
};

function readSeconds(text: string): number | undefined {
  const digits = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
}
