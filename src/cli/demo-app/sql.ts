// A database played in memory: just enough SELECT for injections to work as they would on a real one. It can
// reach nothing but the rows handed in, and its work is bounded by the length of the statement.

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;
export type Tables = Readonly<Record<string, readonly Row[]>>;
export type Selected = { rows: Value[][] } | { fault: string };

type Expression = (row: Row) => Value;
type Token = { kind: 'word' | 'text' | 'number' | 'mark' | 'bad' | 'end'; text: string };

const MAX_ROWS = 100;
const MAX_DEPTH = 40;
const SKIPPED = /\s+|--[^\n]*|#[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)/y;
const TOKENS: readonly [Token['kind'], RegExp][] = [
  ['text', /'(?:[^']|'')*'|"(?:[^"]|"")*"/y],
  ['number', /\d+(?:\.\d+)?/y],
  ['word', /[a-z_]\w*/iy],
  ['mark', /<=|>=|<>|!=|==|\|\||[=<>(),*;]/y],
];
const KEYWORDS = new Set(['SELECT', 'FROM', 'WHERE', 'UNION', 'ALL', 'AND', 'OR', 'NOT', 'LIKE', 'MATCH', 'IS']);
const COMPARISONS = new Map<string, (a: Value, b: Value) => boolean>([
  ['=', (a, b) => a !== null && b !== null && isSame(a, b)],
  ['==', (a, b) => a !== null && b !== null && isSame(a, b)],
  ['<>', (a, b) => a !== null && b !== null && !isSame(a, b)],
  ['!=', (a, b) => a !== null && b !== null && !isSame(a, b)],
  ['<', (a, b) => a !== null && b !== null && a < b],
  ['>', (a, b) => a !== null && b !== null && a > b],
  ['<=', (a, b) => a !== null && b !== null && a <= b],
  ['>=', (a, b) => a !== null && b !== null && a >= b],
  ['IS', isSame],
  ['LIKE', (a, b) => isLike(String(a).toLowerCase(), String(b).toLowerCase())],
  ['MATCH', (a, b) => hasWords(String(a).toLowerCase(), String(b).toLowerCase())],
]);

/** Runs one SELECT over the tables; what follows a `;` is ignored. A fault is told in SQLite's words. */
export function select(sql: string, tables: Tables): Selected {
  try {
    return { rows: new Statement(tokenize(sql), tables).run() };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
}

class Fault extends Error {}

class Statement {
  readonly #tokens: readonly Token[];
  readonly #tables: Tables;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], tables: Tables) {
    this.#tokens = tokens;
    this.#tables = tables;
  }

  run(): Value[][] {
    const first = this.#select();
    const rows = first.rows;
    while (this.#accept('UNION')) {
      this.#accept('ALL');
      const next = this.#select();
      if (next.width !== first.width) {
        throw new Fault('SELECTs to the left and right of UNION do not have the same number of result columns');
      }
      rows.push(...next.rows);
    }
    if (this.#peek().kind !== 'end' && !this.#accept(';')) throw this.#unexpected();
    return rows.slice(0, MAX_ROWS);
  }

  #select(): { width: number; rows: Value[][] } {
    this.#expect('SELECT');
    const columns: Expression[] = [];
    const isStar = this.#accept('*');
    if (!isStar)
      do columns.push(this.#or());
      while (this.#accept(','));
    const table = this.#accept('FROM') ? this.#table() : [{}];
    const where = this.#accept('WHERE') ? this.#or() : undefined;
    const found = table.filter((row) => where === undefined || isTrue(where(row)));
    return {
      width: isStar ? Object.keys(table[0] ?? {}).length : columns.length,
      rows: found.map((row) => (isStar ? Object.values(row) : columns.map((column) => column(row)))),
    };
  }

  #table(): readonly Row[] {
    const name = this.#take('word').toLowerCase();
    const rows = Object.hasOwn(this.#tables, name) ? this.#tables[name] : undefined;
    if (rows === undefined) throw new Fault(`no such table: ${name}`);
    return rows;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('OR')) left = either(left, this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#accept('AND')) left = both(left, this.#not());
    return left;
  }

  #not(): Expression {
    let isNegated = false;
    while (this.#accept('NOT')) isNegated = !isNegated;
    const operand = this.#comparison();
    return isNegated ? (row) => (isTrue(operand(row)) ? 0 : 1) : operand;
  }

  #comparison(): Expression {
    const left = this.#joined();
    const compare = COMPARISONS.get(this.#peek().text.toUpperCase());
    if (compare === undefined || this.#peek().kind === 'text') return left;
    this.#at++;
    const right = this.#joined();
    return (row) => (compare(left(row), right(row)) ? 1 : 0);
  }

  #joined(): Expression {
    const parts = [this.#operand()];
    while (this.#accept('||')) parts.push(this.#operand());
    return parts.length === 1 ? parts[0]! : (row) => parts.map((part) => part(row)).join('');
  }

  #operand(): Expression {
    const { kind, text } = this.#peek();
    if (kind === 'text')
      return constant(this.#take(kind).slice(1, -1).replaceAll(text.charAt(0).repeat(2), text.charAt(0)));
    if (kind === 'number') return constant(Number(this.#take(kind)));
    if (this.#accept('NULL')) return constant(null);
    if (this.#accept('(')) return this.#parenthesis();
    if (kind !== 'word' || KEYWORDS.has(text.toUpperCase())) throw this.#unexpected();
    const name = this.#take(kind).toLowerCase();
    if (this.#accept('(')) throw new Fault(`no such function: ${name}`);
    return (row) => {
      if (!Object.hasOwn(row, name)) throw new Fault(`no such column: ${name}`);
      return row[name] ?? null;
    };
  }

  #parenthesis(): Expression {
    // Without the bound, a thousand brackets would exhaust the stack.
    if (++this.#depth > MAX_DEPTH) throw new Fault(`Expression tree is too large (maximum depth ${MAX_DEPTH})`);
    const inner = this.#or();
    this.#expect(')');
    this.#depth--;
    return inner;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #take(kind: Token['kind']): string {
    if (this.#peek().kind !== kind) throw this.#unexpected();
    return this.#tokens[this.#at++]!.text;
  }

  #accept(text: string): boolean {
    const isNext = this.#peek().kind !== 'text' && this.#peek().text.toUpperCase() === text;
    if (isNext) this.#at++;
    return isNext;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected();
  }

  #unexpected(): Fault {
    const { kind, text } = this.#peek();
    if (kind === 'end') return new Fault('incomplete input');
    return new Fault(kind === 'bad' ? `unrecognized token: "${text}"` : `near "${text}": syntax error`);
  }
}

/** A bad token ends the list; like SQLite, the parser complains of it only when it gets there. */
function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const skipped = match(SKIPPED);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const found = TOKENS.map(([kind, pattern]) => ({ kind, text: match(pattern) })).find(
      ({ text }) => text !== undefined,
    );
    if (found?.text === undefined) return [...tokens, { kind: 'bad', text: sql.slice(at, at + 40) }];
    tokens.push({ kind: found.kind, text: found.text });
    at += found.text.length;
  }
  return tokens;
}

function constant(value: Value): Expression {
  return () => value;
}

function either(left: Expression, right: Expression): Expression {
  return (row) => (isTrue(left(row)) || isTrue(right(row)) ? 1 : 0);
}

function both(left: Expression, right: Expression): Expression {
  return (row) => (isTrue(left(row)) && isTrue(right(row)) ? 1 : 0);
}

function isTrue(value: Value): boolean {
  return typeof value === 'number' ? value !== 0 : (Number.parseFloat(value ?? '') || 0) !== 0;
}

function isSame(a: Value, b: Value): boolean {
  return a === null || b === null ? a === b : String(a) === String(b);
}

/** `%` stands for anything. Its parts are looked for in order, so the work stays linear whatever is asked. */
function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('%');
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

function hasWords(text: string, words: string): boolean {
  return words.split(/\s+/).every((word) => text.includes(word));
}
