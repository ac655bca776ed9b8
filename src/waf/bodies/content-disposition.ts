// Reads the Content-Disposition of one part: which field it is, and whether it is a file.
// It must never guess: every spelling that some backend reads differently is an error, and all names are reported.

export interface Disposition {
  /** The values of all `name` parameters; the first is the part's name. */
  readonly names: string[];
  /** The values of all `filename` parameters. */
  readonly fileNames: string[];
  /** Single quotes, or text right behind a closing quote. */
  readonly invalidQuoting: boolean;
  readonly error?: string;
}

/**
 * Reads `form-data; name="a"; filename="b"` (RFC 7578, 4.2). In quotes only `\"` and `\\` are escapes, as browsers of
 * old send paths with single backslashes. Errors are: other parameters (a `filename*` of RFC 5987 that says another
 * name among them), names in upper case, blanks around `=`, a parameter twice, an unfinished quote, no name or an empty
 * one.
 */
export function parseDisposition(value: string): Disposition {
  const names: string[] = [];
  const fileNames: string[] = [];
  let invalidQuoting = false;
  const failed = (error: string): Disposition => ({ names, fileNames, invalidQuoting, error });
  if (!value.startsWith(KIND)) return failed('a Content-Disposition that is not form-data');
  let at = skipBlanks(value, KIND.length);
  while (at < value.length) {
    if (value[at] !== ';') {
      const previous = value[at - 1];
      invalidQuoting ||= previous === '"' || previous === "'";
      return failed('text that is no parameter in a Content-Disposition');
    }
    at = skipBlanks(value, at + 1);
    if (at === value.length) break;
    const equals = value.indexOf('=', at);
    if (equals < 0) return failed('a Content-Disposition parameter without value');
    const name = value.slice(at, equals);
    const parameter = readValue(value, equals + 1);
    invalidQuoting ||= parameter.quote === "'";
    // The value is kept even when the parameter is refused: rules are to see what a laxer reader would take.
    const isFile = name.trim().toLowerCase().startsWith('filename');
    (isFile ? fileNames : names).push(parameter.value);
    // The same name once more, for other alphabets (RFC 5987), as .NET sends it: only when both readings are one.
    if (name === 'filename*' && fileNames.length === 2 && extendedValue(parameter.value) === fileNames[0]) {
      fileNames.pop();
      at = skipBlanks(value, parameter.end);
      continue;
    }
    if (name !== 'name' && name !== 'filename') return failed(`an unknown Content-Disposition parameter`);
    if (parameter.error !== undefined) return failed(parameter.error);
    if ((isFile ? fileNames : names).length > 1) return failed('a Content-Disposition parameter twice');
    at = skipBlanks(value, parameter.end);
  }
  if (names[0] === undefined || names[0] === '') return failed('a Content-Disposition without name');
  return { names, fileNames, invalidQuoting };
}

const KIND = 'form-data';

/** RFC 2045, 5.1. */
const TOKEN_CHAR = /[A-Za-z0-9!#$%&'*+\-.^_`{|}~]/;

interface ParameterValue {
  readonly value: string;
  readonly end: number;
  readonly quote?: string;
  readonly error?: string;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

/** `utf-8''na%C3%AFve.txt` as a byte string; undefined when it is no such value. */
function extendedValue(text: string): string | undefined {
  const encoded = /^utf-8'[^']*'((?:[^%']|%[0-9A-Fa-f]{2})*)$/i.exec(text)?.[1];
  return encoded?.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function readValue(text: string, start: number): ParameterValue {
  const quote = text[start];
  if (quote !== '"' && quote !== "'") {
    let end = start;
    while (end < text.length && TOKEN_CHAR.test(text[end] as string)) end += 1;
    const value = text.slice(start, end);
    return value === '' ? { value, end, error: 'a Content-Disposition parameter without value' } : { value, end };
  }
  let value = '';
  let plain = start + 1;
  for (let at = plain; at < text.length; at += 1) {
    const char = text[at];
    if (char === quote) return { value: value + text.slice(plain, at), end: at + 1, quote };
    if (char === '\\' && (text[at + 1] === quote || text[at + 1] === '\\')) {
      value += text.slice(plain, at);
      plain = at + 1;
      at += 1;
    }
  }
  return { value: value + text.slice(plain), end: text.length, quote, error: 'a quote without end' };
}
