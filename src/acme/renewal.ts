// When a certificate is renewed. Pure: from its life and what the authority advises to a moment.

const DAY_MS = 24 * 3_600_000;
/** A certificate that lives shorter is renewed at half its life, so that there is time to notice a failure. */
const SHORT_LIFE_MS = 10 * DAY_MS;
/** Whatever the authority advises, this part of the life is kept for us. */
const LEAST_SHARE = 1 / 20;

/** Who renews sooner than this does so in haste. */
export const HASTY_SHARE: number = LEAST_SHARE;

export interface Life {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What the authority advises (RFC 9773, 4.2). */
export interface RenewalAdvice {
  readonly startMs: number;
  readonly endMs: number;
  /** Picked once in the window, and kept while the window stays. */
  readonly chosenMs: number;
  readonly explanationUrl: string | undefined;
}

/** In ms since 1970. */
export function renewalTime({ notBefore, notAfter }: Life, advice: RenewalAdvice | undefined): number {
  const endMs = notAfter.getTime();
  const lifeMs = endMs - notBefore.getTime();
  if (advice !== undefined) return Math.min(advice.chosenMs, endMs - lifeMs * LEAST_SHARE);
  return endMs - lifeMs * (lifeMs < SHORT_LIFE_MS ? 1 / 2 : 1 / 3);
}

/** Keeps the moment that was picked while the window is the same, else picks another. `random` is in [0, 1). */
export function chooseMoment(
  window: Pick<RenewalAdvice, 'startMs' | 'endMs' | 'explanationUrl'>,
  previous: RenewalAdvice | undefined,
  random: number,
): RenewalAdvice {
  const isSame = previous?.startMs === window.startMs && previous.endMs === window.endMs;
  const chosenMs = isSame ? previous.chosenMs : window.startMs + (window.endMs - window.startMs) * random;
  return { ...window, chosenMs };
}

/** How loudly the operator is told of a renewal that is overdue: by what is left of the life. */
export function urgency({ notBefore, notAfter }: Life, nowMs: number): 'fine' | 'soon' | 'urgent' | 'expired' {
  const leftMs = notAfter.getTime() - nowMs;
  const share = leftMs / (notAfter.getTime() - notBefore.getTime());
  if (leftMs <= 0) return 'expired';
  return share > 1 / 4 ? 'fine' : share > 1 / 10 ? 'soon' : 'urgent';
}
