// Dates of HTTP (RFC 9110, 5.6.7) in their three forms, in whatever case (RFC 9111, 4.2). What else Date.parse takes is no date.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = '([0-2][0-9]):([0-5][0-9]):([0-6][0-9])';
const MONTH = `(${MONTHS.join('|')})`;
/** Day, month, year and time are the groups of these names. */
const FORMS = [
  `^(?:mon|tue|wed|thu|fri|sat|sun), (?<day>[0-9]{2}) (?<month>${MONTH}) (?<year>[0-9]{4}) (?<time>${TIME}) gmt$`,
  `^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?<day>[0-9]{2})-(?<month>${MONTH})-(?<year>[0-9]{2}) (?<time>${TIME}) gmt$`,
  `^(?:mon|tue|wed|thu|fri|sat|sun) (?<month>${MONTH}) (?<day>[ 0-9][0-9]) (?<time>${TIME}) (?<year>[0-9]{4})$`,
].map((form) => new RegExp(form, 'i'));

/** Milliseconds since the epoch; undefined: it is none. A year of two digits lies at most 50 years ahead. */
export function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return dateOf(parts as Record<'day' | 'month' | 'year' | 'time', string>, now);
  }
  return undefined;
}

function dateOf(parts: Record<'day' | 'month' | 'year' | 'time', string>, now: number): number | undefined {
  const [hour, minute, second] = parts.time.split(':').map(Number) as [number, number, number];
  const day = Number(parts.day);
  const month = MONTHS.indexOf(parts.month.toLowerCase());
  let year = Number(parts.year);
  if (parts.year.length === 2) {
    const thisYear = new Date(now).getUTCFullYear();
    year += thisYear - (thisYear % 100);
    if (year > thisYear + 50) year -= 100;
  }
  // Years below 100 are others to Date.UTC; 30 February would be in March, and a leap second on the day after.
  const noon = new Date(Date.UTC(year, month, day, 12));
  if (year < 100 || hour > 23 || second > 60 || noon.getUTCDate() !== day) return undefined;
  return Date.UTC(year, month, day, hour, minute, second);
}
