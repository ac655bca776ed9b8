// go-ftw runs a test's `data` through Go's text/template. Of that language the tests use a text and its repetition;
// every other brace is data (it may be the attack itself).

/** `{{ "1" | repeat 64 }}`, `{{ repeat 64 "1" }}` and `{{ "text" }}` are carried out. */
export function expand(data: string): string {
  return data.replace(ACTION, (_, before: string | undefined, literal: string, after: string | undefined) => {
    const text = literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
    return text.repeat(Number(before ?? after ?? 1));
  });
}

const ACTION = /\{\{\s*(?:repeat\s+(\d+)\s+)?("(?:[^"\\]|\\["\\nrt])*"|`[^`]*`)\s*(?:\|\s*repeat\s+(\d+)\s*)?\}\}/g;
