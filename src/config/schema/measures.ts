// Kinds that measure: durations, sizes, percents, rates and dates, each within its bounds.

import {
  durationPattern,
  formatDuration,
  formatSize,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  percentPattern,
  ratePattern,
  sizePattern,
} from '../../base/units.ts';
import type { Kind } from './kind.ts';
import { readBy } from './kind.ts';

/** A Node timer holds 2^31 - 1 ms, which is not 25 days; a longer one would fire at once. */
const longestTimerMs = 24 * 86_400_000;

const writeDuration = 'a number with ms, s, m, h or d, like 10s';
const writeSize = 'a number with B, KiB, MiB, GiB, KB, MB or GB, like 16KiB';

/** A duration. `least` 0 allows a bare 0; any other bare number lacks its unit. */
export function duration(leastMs: number, mostMs: number = longestTimerMs): Kind {
  return {
    name: 'a duration',
    write: writeDuration,
    claims: (value) => typeof value === 'string' || typeof value === 'number',
    fault: (value) => {
      const written = String(value);
      if (written !== '0' && /^[+-]?[0-9.]+$/.test(written))
        return 'has no unit; write ms, s, m, h or d behind the number, like 10s';
      const ms = parseDuration(written);
      if (ms === undefined) return `is not a duration; write ${writeDuration}`;
      if (ms < leastMs) return `is too short; the least is ${formatDuration(leastMs)}`;
      return ms > mostMs ? `is too long; the most is ${formatDuration(mostMs)}` : undefined;
    },
    schema:
      leastMs === 0
        ? { anyOf: [{ type: 'string', pattern: durationPattern }, { enum: [0, '0'] }] }
        : { type: 'string', pattern: durationPattern },
  };
}

/** A size in bytes; a bare whole number counts bytes. */
export function size(least: number, most: number): Kind {
  return {
    name: 'a size',
    write: writeSize,
    claims: (value) => typeof value === 'string' || typeof value === 'number',
    fault: (value) => {
      const bytes = readSize(value);
      if (bytes === undefined) return `is not a size; write ${writeSize}`;
      if (bytes < least) return `is too small; the least is ${formatSize(least)}`;
      return bytes > most ? `is too large; the most is ${formatSize(most)}` : undefined;
    },
    schema: {
      anyOf: [
        { type: 'string', pattern: sizePattern },
        { type: 'integer', minimum: least, maximum: most },
      ],
    },
  };
}

/** Bytes of a value that passed the check of `size`. */
export function readSize(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  return parseSize(String(value));
}

export const percent: Kind = {
  ...readBy(
    'a percentage',
    'a number from 0 to 100 with %, like 20%',
    (text) => parsedOr(parsePercent(text), 'is not a percentage; write a number from 0 to 100 with %, like 20%'),
    { pattern: percentPattern },
  ),
  claims: (value) => typeof value === 'string' || typeof value === 'number',
};

export const rate: Kind = readBy(
  'a rate',
  'a count and a period, like 5/min or 100/s',
  (text) => parsedOr(parseRate(text), 'is not a rate; write a count and a period, like 5/min or 100/s'),
  { pattern: ratePattern },
);

export const date: Kind = readBy(
  'a date',
  'a day like 2027-03-01',
  (text) => parsedOr(isDate(text) ? text : undefined, 'is not a date; write a day like 2027-03-01'),
  { pattern: '^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$' },
);

function isDate(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function parsedOr<T>(value: T | undefined, fault: string): { value: T } | { fault: string } {
  return value === undefined ? { fault } : { value };
}
