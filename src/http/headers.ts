// Header fields as every stage holds them: one flat array, [name, value, name, value, …], names in
// lower case, order and duplicates kept, each value a string of bytes (one char, one byte).

/** Flat list of fields: even places lower-case names, odd places values. */
export type Headers = string[];

/** The first value of a field; undefined when the field is absent. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** Every value of a field, in order. */
export function headerValues(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) values.push(headers[i + 1] as string);
  return values;
}

/** All values of a list field joined by commas (RFC 9110, 5.3); undefined when the field is absent. */
export function headerList(headers: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) joined = joined === undefined ? headers[i + 1] : `${joined}, ${headers[i + 1]}`;
  }
  return joined;
}

/** Removes every field of that name, in place. */
export function removeHeader(headers: Headers, name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i] === name) headers.splice(i, 2);
}

/** Leaves exactly one field of that name: the new one, at the end. */
export function setHeader(headers: Headers, name: string, value: string): void {
  removeHeader(headers, name);
  headers.push(name, value);
}

/** The same as an object, for Node's calls that take nothing else; repeated fields become lists. */
export function headersObject(headers: readonly string[]): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    const before = object[name];
    object[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return object;
}

/** A set of names from one line of text, for tables that would otherwise fill a page. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
