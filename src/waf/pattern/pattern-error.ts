// Why a pattern is refused at load, and the place in the pattern's text. Never thrown while data is inspected.

/** A pattern that cannot be compiled: `offset` counts bytes from the beginning of the pattern's text. */
export class PatternError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'PatternError';
    this.offset = offset;
  }
}

/** A pattern's text as bytes, and the place reached in it. */
export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? '';
  }

  next(): string {
    return this.text[this.at++] ?? '';
  }

  /** Takes `word` if it comes next. */
  take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** Takes what the sticky expression finds here. */
  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found) this.at += found[0].length;
    return found;
  }

  fail(message: string, offset: number = this.at): never {
    throw new PatternError(message, offset);
  }
}
