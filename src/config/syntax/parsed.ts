// What a reader of one scalar returns. A fault is the rest of a sentence that begins with the value
// ("is not a duration; write …") and never repeats the value, which may be a secret.

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/** The fault, or undefined when the text was read. */
export function faultOf(parsed: Parsed<unknown>): string | undefined {
  return 'fault' in parsed ? parsed.fault : undefined;
}
