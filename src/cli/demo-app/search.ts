// The search: its query ends up in an SQL statement and in the page, both unescaped.
import { type Answer, escapeHtml } from './answer.ts';
import { page, refusal } from './page.ts';
import { select, type Value } from './sql.ts';
import type { Visit } from './visit.ts';

const QUERY_LIMIT = 500;

export function search(visit: Visit): Answer {
  const query = visit.query.get('q');
  if (query === null) {
    const lead = 'Looks for words in titles and texts of all public notes.';
    return page(visit, { title: 'Search', lead, main: searchForm('') });
  }
  if (query.length > QUERY_LIMIT) return refusal(visit, 400, `A query has at most ${QUERY_LIMIT} characters.`);

  // Hole (CWE-89): the query becomes part of the statement, so `' OR '1'='1` finds the hidden notes too.
  const sql = `SELECT id, title, text, author FROM notes WHERE hidden = 0 AND notes MATCH '${query}'`;
  const result = select(sql, { notes: visit.app.board.rows(), users: visit.app.accounts.rows() });

  // Hole (CWE-79, reflected): the query is echoed as it came.
  const heading = `<h2>Results for ${query}</h2>`;
  const found = 'fault' in result ? faultMarkup(result.fault) : rowsMarkup(result.rows);
  const main = `${searchForm(query)}<section class="stack">${heading}${found}</section>${sqlMarkup(sql)}`;
  return page(visit, { title: 'Search', main, status: 'fault' in result ? 500 : 200 });
}

export function searchForm(query: string): string {
  return `<form class="row" method="get" action="/search" role="search">
<label>Search the notes <input type="search" name="q" value="${escapeHtml(query)}" maxlength="${QUERY_LIMIT}"></label><button>Search</button>
</form>`;
}

export function faultMarkup(fault: string): string {
  return `<p class="fault">Database error: ${escapeHtml(fault)}</p>`;
}

export function sqlMarkup(sql: string): string {
  return `<section class="stack"><h2>What the database was asked</h2><pre>${escapeHtml(sql)}</pre></section>`;
}

function rowsMarkup(rows: Value[][]): string {
  if (rows.length === 0) return '<p>Nothing found.</p>';
  return rows
    .map((row) => row.map((value) => escapeHtml(String(value ?? ''))))
    .map(([id, title, text, author]) => {
      return `<article class="card"><h3>${title}</h3><p class="text">${text}</p><p class="meta">No. ${id} · ${author}</p></article>`;
    })
    .join('\n');
}
