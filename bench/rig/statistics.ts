// The few sums that the tables rest on.

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest value that at least `percent` of all values do not exceed (nearest rank); NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * The ratios of one system's figure to another's, each taken within one round. A machine that is slow for a
 * while is slow for both, so the ratio holds where the figures do not. Rounds without one of the two are left out.
 */
export function withinRounds(
  figures: readonly (number | undefined)[],
  baseline: readonly (number | undefined)[],
): number[] {
  const ratios: number[] = [];
  for (const [round, figure] of figures.entries()) {
    const base = baseline[round];
    if (figure !== undefined && base !== undefined && base > 0) ratios.push(figure / base);
  }
  return ratios;
}
