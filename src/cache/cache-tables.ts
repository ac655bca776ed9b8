// The form of a file of stored answers: its tables, all that is ever asked of them, and what SQLite says when it cannot be.
import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Of the form of the tables; a file of another form begins anew. */
const VERSION = 3;
/** Another process writes: what does not get its turn in this time is not stored. */
const BUSY_MS = 100;
const OPEN_MS = 2000;
/** Entries that are removed in one turn; it takes less than half of `BUSY_MS`. */
export const BATCH = 500;

const TABLES = `
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, fields TEXT NOT NULL, variant TEXT NOT NULL, head TEXT NOT NULL,
  body BLOB NOT NULL, checksum INTEGER NOT NULL, size INTEGER NOT NULL, stored INTEGER NOT NULL, used INTEGER NOT NULL,
  UNIQUE (key, fields, variant)
);
CREATE INDEX IF NOT EXISTS by_use ON entries (used, size);
CREATE INDEX IF NOT EXISTS variants_by_use ON entries (key, used);
CREATE TABLE IF NOT EXISTS groups (key TEXT NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (key, fields)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (tag TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (tag, entry)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS gone AFTER DELETE ON entries BEGIN
  DELETE FROM tags WHERE entry = old.id;
  DELETE FROM groups WHERE key = old.key AND fields = old.fields
    AND NOT EXISTS (SELECT 1 FROM entries WHERE key = old.key AND fields = old.fields);
END;
CREATE INDEX IF NOT EXISTS tags_of ON tags (entry);
PRAGMA user_version = ${VERSION};`;

type Name =
  | 'pages'
  | 'figures'
  | 'groups'
  | 'find'
  | 'touch'
  | 'add'
  | 'addGroup'
  | 'tag'
  | 'variants'
  | 'delete'
  | 'deleteKey'
  | 'deletePrefix'
  | 'deleteTag'
  | 'clear'
  | 'evict';

export type Statements = Readonly<Record<Name, StatementSync>>;

const STATEMENTS: Readonly<Record<Name, string>> = {
  pages:
    'SELECT (c.page_count - f.freelist_count) * s.page_size AS bytes FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s',
  figures: 'SELECT count(*) AS entries, sum(size) AS bytes FROM entries',
  groups: 'SELECT fields FROM groups WHERE key = ?',
  find: 'SELECT head, body, checksum, stored AS storedAt, used FROM entries WHERE key = ? AND fields = ? AND variant = ?',
  touch: 'UPDATE entries SET used = ? WHERE key = ? AND fields = ? AND variant = ?',
  add: 'INSERT INTO entries (key, fields, variant, head, body, checksum, size, stored, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  addGroup: 'INSERT OR IGNORE INTO groups (key, fields) VALUES (?, ?)',
  tag: 'INSERT OR IGNORE INTO tags (tag, entry) VALUES (?, ?)',
  variants:
    'DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE key = ?1 ORDER BY used DESC, rowid DESC LIMIT -1 OFFSET ?2)',
  delete: 'DELETE FROM entries WHERE key = ? AND fields = ? AND variant = ?',
  deleteKey: `DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE key = ? LIMIT ${BATCH})`,
  deletePrefix: `DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE key >= ? AND key < ? LIMIT ${BATCH})`,
  deleteTag: `DELETE FROM entries WHERE id IN (SELECT entry FROM tags WHERE tag = ? LIMIT ${BATCH})`,
  clear: `DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries LIMIT ${BATCH})`,
  evict: 'DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries ORDER BY used LIMIT ?)',
};

/** Throws when there can be none, or the one that is there is of no use (`isUnreadable`). */
export function openDatabase(file: string): DatabaseSync {
  // Several processes may begin with it at once.
  const database = new DatabaseSync(file, { timeout: OPEN_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version !== 0 && version !== VERSION) throw new OtherForm();
    database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT; PRAGMA busy_timeout = ${BUSY_MS};`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function prepare(database: DatabaseSync): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)] as const);
  return Object.fromEntries(prepared) as Statements;
}

export function removeFile(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

class OtherForm extends Error {}

/** A disk that has changed something by itself, which SQLite would hand on. */
export class Damaged extends Error {}

/** SQLITE_BUSY: another process writes for longer than a wish waits. */
export function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5;
}

/** SQLITE_CORRUPT, SQLITE_NOTADB (https://sqlite.org/rescode.html), or of another version of ours. */
export function isUnreadable(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return error instanceof OtherForm || error instanceof Damaged || errcode === 11 || errcode === 26;
}
