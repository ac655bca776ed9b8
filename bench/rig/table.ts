// Tables as Markdown, columns padded, so that they read the same in a terminal and in bench/results.

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
}

export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  const widths = columns.map((_, at) => Math.max(3, ...cells.map((line) => (line[at] as string).length)));
  const lines = cells.map((line) => `| ${line.map((cell, at) => pad(cell, at, widths)).join(' | ')} |`);
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  lines.splice(1, 0, rule);
  return `${lines.join('\n')}\n`;
}

/** A number in as many digits as mean something; a dash where there is none. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  const digits = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

export function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 2 ** 20).toFixed(0) : '-';
}

export function kibibytes(bytes: number): string {
  return Number.isFinite(bytes) ? figure(bytes / 1024) : '-';
}

/** The first column holds names, the others figures. */
function pad(cell: string, at: number, widths: readonly number[]): string {
  const width = widths[at] as number;
  return at === 0 ? cell.padEnd(width) : cell.padStart(width);
}
