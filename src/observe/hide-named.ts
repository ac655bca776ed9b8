// Named values within a longer text: as a field of a head, a pair of a query or of cookies, or a part of a multipart form.
import { percentDecoded } from '../base/text.ts';
import type { SecretNames } from './secret-names.ts';

/** Where a name can begin, the name, and what parts it from its value. */
const NAMED =
  /name="?([^"\r\n]{1,99})"?(?:;[^\r\n]{1,200})?(?:\r?\n[^\r\n]{1,200}){0,3}\r?\n\r?\n|(?<=^|[?#&;,\s"'])([^\s?#&;,"'=:]{1,99})(=|:[ \t]*)/gi;
const PAIR = /(?:"[^"]*"?|[^&;\s"']+)/y;
const LINE = /[^\r\n]+/y;

/** The text with `mark` in place of such values; what comes before them is kept. */
export function hideNamed(text: string, names: SecretNames, mark: string): string {
  const heads = new RegExp(NAMED);
  let shown = '';
  let from = 0;
  for (let found = heads.exec(text); found !== null; found = heads.exec(text)) {
    const [, part, name, sign] = found;
    const value = sign === '=' ? PAIR : LINE;
    value.lastIndex = heads.lastIndex;
    if (!names.has(part ?? percentDecoded(name ?? '')) || !value.test(text)) continue;
    shown += text.slice(from, heads.lastIndex) + mark;
    from = value.lastIndex;
    heads.lastIndex = from;
  }
  return shown + text.slice(from);
}
