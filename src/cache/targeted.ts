// CDN-Cache-Control (RFC 9213): what an application says to the caches in front of it and to nobody else. Where it can be
// read it takes the place of Cache-Control and Expires.
import { type BareItem, parseDictionary, Token } from 'structured-headers';

const NUMBERS = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);
const FLAGS = new Set([
  'no-store',
  'no-cache',
  'private',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'immutable',
]);

/** These say that something is not for everybody. */
const STRICT = new Set(['no-store', 'no-cache', 'private']);

/**
 * The same as Cache-Control; undefined: it is no structured field, or says something of the wrong type, and is ignored. But
 * who writes a number wrongly beside `private` means `private`.
 */
export function targetedControl(field: string): string | undefined {
  const directives: string[] = [];
  let isWrong = false;
  let isStrict = false;
  try {
    for (const [name, [value]] of parseDictionary(field)) {
      const written = writeDirective(name, value as BareItem);
      if (written === undefined) isWrong = true;
      else if (written !== '') directives.push(written);
      isStrict ||= written !== '' && STRICT.has(name);
    }
  } catch {
    return undefined;
  }
  if (isWrong) return isStrict ? 'no-store' : undefined;
  return directives.length === 0 ? undefined : directives.join(', ');
}

/** Empty: it is none that says anything to a shared cache. */
function writeDirective(name: string, value: BareItem): string | undefined {
  if (NUMBERS.has(name)) return Number.isInteger(value) && Number(value) >= 0 ? `${name}=${value}` : undefined;
  if (!FLAGS.has(name) || value === false) return '';
  if (value === true) return name;
  const fields = value instanceof Token ? value.toString() : value;
  return typeof fields === 'string' && /^[\w\s,-]*$/.test(fields) ? `${name}="${fields}"` : undefined;
}
