// Who may log in, and who is. Accounts and passwords are made up; sessions live in memory and are bounded.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Row, select } from './sql.ts';

export interface Account {
  name: string;
  isAdmin: boolean;
}

export type LoginResult = { account: Account } | { sql: string; fault: string | undefined };

const MAX_SESSIONS = 1000;
const USERS: readonly Row[] = [
  { name: 'admin', password: 'gatehouse', role: 'administrator' },
  { name: 'demo', password: 'demo', role: 'member' },
];

export class Accounts {
  readonly #sessions = new Map<string, Account>();

  /** The table `users`. */
  rows(): readonly Row[] {
    return USERS;
  }

  /** Hole (CWE-89): name and password become part of the statement, so `admin' --` needs no password. */
  check(name: string, password: string): LoginResult {
    const sql = `SELECT name, role FROM users WHERE name = '${name}' AND password = '${password}'`;
    const result = select(sql, { users: USERS });
    if ('fault' in result) return { sql, fault: result.fault };
    const row = result.rows[0];
    if (row === undefined) return { sql, fault: undefined };
    return { account: { name: String(row[0]), isAdmin: row[1] === 'administrator' } };
  }

  /** Opens a session and returns its id. The oldest session ends when there are too many. */
  open(account: Account): string {
    const id = randomBytes(16).toString('hex');
    this.#sessions.set(id, account);
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    return id;
  }

  /** Undefined when the request carries no session, or one that is over. */
  find(request: IncomingMessage): Account | undefined {
    const id = sessionId(request);
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  close(request: IncomingMessage): void {
    const id = sessionId(request);
    if (id !== undefined) this.#sessions.delete(id);
  }
}

function sessionId(request: IncomingMessage): string | undefined {
  return /(?:^|;\s*)session=([0-9a-f]{32})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1];
}
