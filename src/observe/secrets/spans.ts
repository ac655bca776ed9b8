// Where a value ends that a name stands before, by the form that the text around it has.
import { quoteEnd } from './json.ts';

/** Up to the next pair. A sign that closes something else ends it only where it does so. */
const PAIR = /(?:[^&;#\s"'<>]+|;(?!\s|$|[^\s;&=]{0,99}=)|["'<>](?![\s,;>&<]|\/>|$))+/y;
/** In a line that begins with a pair blanks are part of a value, unless another pair follows. */
const PAIR_OF_LINE = /(?:[^&;#\s"'<>]+|[ \t](?![^\s=&;]{1,99}=)|;(?!\s|$|[^\s;&=]{0,99}=)|["'<>](?![\s,;>&<]|\/>|$))+/y;
const CODED = /[^\s=&:"<>;?#,]+/y;
const LINE = /[^\r\n]*/y;
/** What may stand behind a text in quotes that is a whole value. */
const BEHIND_QUOTED = /[ \t]*(?:[,;)}\]]|\r?\n|$)/y;
const PART_NAME = /[ \t]*(?:"((?:[^"\\\r\n]|\\[^\r\n])*)"|([^\s";]+))[ \t]*(?=[;\r\n]|$)/y;
const HEAD_LINE = /[\w-]+[ \t]*:|[ \t]+\S/y;

export type Span = readonly [from: number, end: number];

/** The end of a run that one code may be for: its writers leave some signs as they are. */
export function codedEnd(text: string, at: number): number {
  return endOf(CODED, text, at);
}

/** The end of an unquoted value of a pair; `at`: there is none. */
export function pairEnd(text: string, at: number, form: 'form' | 'line' | 'text'): number {
  if (form === 'form') {
    const end = text.indexOf('&', at);
    return end === -1 ? text.length : end;
  }
  return endOf(form === 'line' ? PAIR_OF_LINE : PAIR, text, at);
}

/** What stands in quotes that open at `at`, when nothing else belongs to the value. */
export function quotedValue(text: string, at: number): Span | undefined {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return undefined;
  const end = quoteEnd(text, at + 1, quote);
  return end < text.length && !/[\w%+=-]/.test(text[end + 1] ?? '') ? [at + 1, end] : undefined;
}

/** The value of a field of a head. */
export function fieldValue(text: string, at: number): Span {
  const from = blanksBehind(text, at);
  const quoted = quotedValue(text, from);
  BEHIND_QUOTED.lastIndex = quoted === undefined ? 0 : quoted[1] + 1;
  if (quoted !== undefined && BEHIND_QUOTED.test(text)) return quoted;
  return [from, lineEnd(text, from)];
}

export function lineEnd(text: string, at: number): number {
  return endOf(LINE, text, at);
}

/** In one line. */
export function blanksBehind(text: string, at: number): number {
  let from = at;
  while (text[from] === ' ' || text[from] === '\t') from++;
  return from;
}

/** Of a part of a multipart form, as its head says it; empty where this is no head of one. */
export function partName(text: string, at: number): string {
  PART_NAME.lastIndex = at;
  const found = PART_NAME.exec(text);
  return found?.[1]?.replace(/\\(["\\])/g, '$1') ?? found?.[2] ?? '';
}

/** Whether the line that begins here is one of a part's head. */
export function isHeadLine(text: string, at: number): boolean {
  HEAD_LINE.lastIndex = at;
  return HEAD_LINE.test(text);
}

/** Where the content of a part ends, before the line that begins as `delimiter`. */
export function partEnd(text: string, from: number, delimiter: string): number {
  const next = text.indexOf(`\n${delimiter}`, from - 1);
  if (next === -1) return text.length;
  return text[next - 1] === '\r' ? Math.max(next - 1, from) : Math.max(next, from);
}

function endOf(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.test(text) ? form.lastIndex : at;
}
