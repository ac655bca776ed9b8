// Durations, sizes, percents and rates as people write them: `1h30m`, `16KiB`, `20%`, `5/min`.
// Reading is exact: a text that does not come to a whole number of milliseconds or bytes is refused.

const durationUnits: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
  ['B', 1],
]);

const ratePeriods: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'second'].map((name): [string, number] => [name, 1_000]),
  ...['m', 'min', 'minute'].map((name): [string, number] => [name, 60_000]),
  ...['h', 'hour'].map((name): [string, number] => [name, 3_600_000]),
  ...['d', 'day'].map((name): [string, number] => [name, 86_400_000]),
]);

/** Digits before and after the point: more than any sensible setting needs, and few enough to stay exact. */
const amount = '[0-9]{1,16}(?:\\.[0-9]{1,3})?';

/** Regular expressions (without flags) of what the readers below accept, for schemas. */
export const durationPattern: string = `^(?=.)${[...durationUnits.keys()].map((unit) => `(?:${amount}${unit})?`).join('')}$`;
export const sizePattern: string = `^(?:[0-9]{1,16}|${amount}(?:${[...sizeUnits.keys()].join('|')}))$`;
export const percentPattern: string = '^(?:100(?:\\.0{1,6})?|[0-9]{1,2}(?:\\.[0-9]{1,6})?)%$';
export const ratePattern: string = `^[1-9][0-9]{0,8}/(?:${[...ratePeriods.keys()].join('|')})$`;

const durationForm = new RegExp(durationPattern);
const sizeForm = new RegExp(sizePattern);
const percentForm = new RegExp(percentPattern);
const rateForm = new RegExp(ratePattern);

/** How often something may happen: `count` times in `periodMs`. */
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

/**
 * Milliseconds of `250ms`, `10s`, `1h30m` (units from the largest to the smallest) and of a bare 0; undefined when it
 * is none.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!durationForm.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9.]+)(ms|[smhd])/g)) {
    const part = timesUnit(digits ?? '', durationUnits.get(unit ?? ''));
    if (part === undefined) return undefined;
    total += part;
  }
  return Number.isSafeInteger(total) ? total : undefined;
}

/** The shortest text that `parseDuration` reads back as the same number. */
export function formatDuration(ms: number): string {
  let left = ms;
  let text = '';
  for (const [unit, factor] of durationUnits) {
    const count = Math.floor(left / factor);
    left -= count * factor;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** Bytes of `512B`, `16KiB`, `10MB`, or of a bare whole number; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  if (!sizeForm.test(text)) return undefined;
  const unitAt = text.search(/[A-Z]/);
  if (unitAt < 0) return timesUnit(text, 1);
  return timesUnit(text.slice(0, unitAt), sizeUnits.get(text.slice(unitAt)));
}

/** The text with the largest unit that divides evenly; `parseSize` reads it back as the same number. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of sizeUnits) if (bytes % factor === 0 && bytes > 0) return `${bytes / factor}${unit}`;
  return '0B';
}

/** The fraction, 0 to 1, of `20%`; undefined when it is none. */
export function parsePercent(text: string): number | undefined {
  return percentForm.test(text) ? Number(text.slice(0, -1)) / 100 : undefined;
}

/** `5/min`, `10/s`: a count and its period; undefined when it is none. */
export function parseRate(text: string): Rate | undefined {
  if (!rateForm.test(text)) return undefined;
  const [count = '', period = ''] = text.split('/');
  const periodMs = ratePeriods.get(period);
  return periodMs === undefined ? undefined : { count: Number(count), periodMs };
}

/** Multiplies without a rounding error; undefined when the product is not a whole, safe number. */
function timesUnit(digits: string, factor: number | undefined): number | undefined {
  if (factor === undefined) return undefined;
  const [whole = '', fraction = ''] = digits.split('.');
  const scale = 10 ** fraction.length;
  const product = Number(fraction) * factor;
  const total = Number(whole) * factor + product / scale;
  return product % scale === 0 && Number.isSafeInteger(total) ? total : undefined;
}
