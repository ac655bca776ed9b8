// The RateLimit-Policy and RateLimit fields (draft-ietf-httpapi-ratelimit-headers-11): lists of items whose value is the
// policy's name, a string of Structured Fields (RFC 9651). Names are checked at load and need no escapes.

/** One window as it stands at an answer. */
export interface Standing {
  readonly name: string;
  readonly points: number;
  /** undefined: it counts what is under way. */
  readonly windowMs: number | undefined;
  readonly remaining: number;
  readonly leftMs: number;
}

/** Flat: names and values. */
export function rateLimitFields(standings: readonly Standing[]): string[] {
  return [
    'ratelimit-policy',
    standings.map(policyOf).join(', '),
    'ratelimit',
    standings
      .map(({ name, remaining, windowMs, leftMs }) => {
        const reset = windowMs === undefined ? '' : `;t=${seconds(leftMs)}`;
        return `"${name}";r=${remaining}${reset}`;
      })
      .join(', '),
  ];
}

/** Never 0: a client that waits so long finds room. */
export function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

function policyOf({ name, points, windowMs }: Standing): string {
  return windowMs === undefined
    ? `"${name}";q=${points};qu="concurrent-requests"`
    : `"${name}";q=${points};w=${seconds(windowMs)}`;
}
