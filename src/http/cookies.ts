// Single cookies in the fields of a request (RFC 6265, 4.2).
import type { Headers } from './headers.ts';

/** The first cookie of that name; undefined when there is none. */
export function cookieValue(headers: readonly string[], name: string): string | undefined {
  return cookieValues(headers, name)[0];
}

/** Every cookie of that name, in order. */
export function cookieValues(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue;
    for (const pair of (headers[i + 1] as string).split(';')) {
      if (nameOf(pair) === name) values.push(pair.slice(pair.indexOf('=') + 1).trim());
    }
  }
  return values;
}

/** Takes every cookie of that name out, in place; a field that is left empty goes too. */
export function removeCookie(headers: Headers, name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const value = headers[i + 1] as string;
    if (headers[i] !== 'cookie' || !value.includes(name)) continue;
    const left = value.split(';').filter((pair) => nameOf(pair) !== name);
    if (left.length === 0) headers.splice(i, 2);
    else headers[i + 1] = left.join(';').trim();
  }
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.slice(0, equals)).trim();
}

/** Of one field. */
export function cookieNames(value: string): string[] {
  return value.split(';').map(nameOf);
}
