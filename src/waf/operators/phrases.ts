// The phrases of a @pm argument. Whoever looks for them compiles them; here they are only read.

const PIECE = /\\([:;"|\\])|\|[\t-\r ]*((?:[\da-f]{2}[\t-\r ]*)+)\||([\t-\r ]+)|([\s\S])/gi;

/**
 * The phrases of an argument, blanks between them, with bytes in hexadecimal between bars as Snort writes them:
 * `A|42 0a|C` is four bytes, and a blank that was written so does not end a phrase. Bars with anything else between them
 * are ordinary. A backslash makes `:`, `;`, `"`, `|` and itself ordinary and stays before any other byte. Quotes around
 * the whole argument are dropped (ModSecurity reference manual, pm).
 */
export function phrasesOf(argument: string): string[] {
  const phrases: string[] = [];
  let phrase = '';
  for (const [, escaped, bytes, blanks, other = ''] of unquoted(argument).matchAll(PIECE)) {
    if (blanks === undefined) phrase += escaped ?? (bytes === undefined ? other : decodeHex(bytes));
    else if (phrase !== '') {
      phrases.push(phrase);
      phrase = '';
    }
  }
  if (phrase !== '') phrases.push(phrase);
  return phrases;
}

function unquoted(argument: string): string {
  const text = argument.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function decodeHex(bytes: string): string {
  return Buffer.from(bytes.replace(/[\t-\r ]/g, ''), 'hex').toString('latin1');
}
