// Statuses of answers as people write them: `200`, `200-399`, `200-299, 304`.

import type { Parsed } from './parsed.ts';

/** Both ends belong to it. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export const statusRangesPattern: string =
  '^\\s*[1-5][0-9]{2}(?:-[1-5][0-9]{2})?(?:\\s*,\\s*[1-5][0-9]{2}(?:-[1-5][0-9]{2})?)*\\s*$';
const form = new RegExp(statusRangesPattern);

export function parseStatusRanges(text: string): Parsed<readonly StatusRange[]> {
  if (!form.test(text)) return { fault: 'is not a list of statuses; write them like 200-399 or 200, 204' };
  const ranges = text.split(',').map((part): StatusRange => {
    const [from = '', to = from] = part.trim().split('-');
    return { from: Number(from), to: Number(to) };
  });
  if (ranges.some(({ from, to }) => from > to)) return { fault: 'has a range whose end is before its beginning' };
  return { value: ranges };
}
