// Secrets in JSON, or in what is JSON in part: a text may be cut, or a part of a form. The form stays.
import type { SecretNames } from './secret-names.ts';

const KEY = /"((?:[^"\\]|\\.){1,300})"\s{0,99}:\s{0,99}/gs;
const STRING = /"((?:[^"\\]|\\.)*)("?)/sy;
const TOKEN = /"(?:[^"\\]|\\.)*"?(\s{0,99}:)?|[^\s"{}[\],:]+|./sy;
const BARE = /[^\s"',}\]{[]+/y;

/** `within` is asked for texts that are values of other names. Time grows with the length of the text alone. */
export function maskJson(text: string, names: SecretNames, mark: string, within: (value: string) => string): string {
  let shown = '';
  let from = 0;
  KEY.lastIndex = 0;
  for (let found = KEY.exec(text); found !== null; found = KEY.exec(text)) {
    const start = KEY.lastIndex;
    const [put, end] = names.has(meantBy(found[1] as string))
      ? masked(text, start, mark)
      : otherValue(text, start, within);
    shown += text.slice(from, start) + put;
    from = end;
    // Set anew: `within` may have come back here.
    KEY.lastIndex = end;
  }
  return shown + text.slice(from);
}

function otherValue(text: string, start: number, within: (value: string) => string): [put: string, end: number] {
  STRING.lastIndex = start;
  const found = STRING.exec(text);
  if (found === null) return ['', start];
  const end = STRING.lastIndex;
  const inner = meantBy(found[1] as string);
  const put = within(inner);
  return [put === inner ? found[0] : JSON.stringify(put), end];
}

function masked(text: string, start: number, mark: string): [put: string, end: number] {
  const quoted = JSON.stringify(mark);
  const first = text[start];
  if (first === '{' || first === '[') return maskedTree(text, start, quoted);
  const form = first === '"' ? STRING : BARE;
  form.lastIndex = start;
  return form.test(text) ? [quoted, form.lastIndex] : ['', start];
}

/** Every value of it is put out of sight; names stay. */
function maskedTree(text: string, start: number, quoted: string): [put: string, end: number] {
  let depth = 0;
  let put = '';
  TOKEN.lastIndex = start;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const [token, colon] = found;
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    const isKept = colon !== undefined || /^[\s{}[\],:]$/.test(token);
    put += isKept ? token : quoted;
    if (depth === 0) return [put, TOKEN.lastIndex];
  }
  return [put, text.length];
}

/** What the inside of a JSON string stands for; as it is where it is none. */
function meantBy(inside: string): string {
  if (!inside.includes('\\')) return inside;
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return inside;
  }
}
