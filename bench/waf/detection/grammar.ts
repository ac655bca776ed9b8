// Payloads from a grammar: `§name§` stands for any text of the rule `name`. Each class of attacks is a grammar, so that what is
// measured is shapes, thousands of them, and no list of known payloads.
import type { Random } from './random.ts';

export type Grammar = Readonly<Record<string, readonly string[]>>;

/** What every grammar may use. */
const SHARED: Grammar = {
  n: ['1', '2', '7', '12', '42', '99', '105', '1337', '0', '-1'],
  d: ['1', '2', '3', '4', '5', '7', '9'],
  sec: ['5', '7', '10', '15', '3'],
  word: ['foo', 'test', 'shoes', 'item', 'john', 'x', 'abc', 'page', 'admin', 'a', 'blue', 'qwe'],
  host: ['evil.example', 'attacker.example', 'x.oast.example', '203.0.113.9', 'c2.example:8080', 'abc123.burp.example'],
  file: [
    '/etc/passwd',
    '/etc/shadow',
    '/etc/hosts',
    '/proc/self/environ',
    '/proc/version',
    '/var/log/auth.log',
    '/root/.ssh/id_rsa',
  ],
  table: ['users', 'members', 'accounts', 'admin', 'customers', 'information_schema.tables', 'dbo.logins', 'wp_users'],
  column: [
    'password',
    'passwd',
    'username',
    'email',
    'table_name',
    'version()',
    '@@version',
    'user()',
    'credit_card',
    'null',
  ],
};

const DEPTH = 12;

export function expand(grammar: Grammar, text: string, random: Random, depth = 0): string {
  if (depth > DEPTH) throw new Error(`a rule that never ends: ${text}`);
  return text.replace(/§(\w+)§/g, (_, name: string) => {
    const productions = grammar[name] ?? SHARED[name];
    if (productions === undefined) throw new Error(`there is no rule ${name}`);
    return expand(grammar, random.of(productions), random, depth + 1);
  });
}
