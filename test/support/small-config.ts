// The smallest gatehouse.yaml for a gateway in a process of its own: one site without rules, which would cost each start
// more than all the rest.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** YAML in flow style, each with a default. */
export interface SmallConfig {
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
  readonly certificates?: string | undefined;
  readonly workers?: string | undefined;
  /** Further sections, a line each. */
  readonly beside?: string | undefined;
  /** The site's name, and where it leads. */
  readonly name?: string | undefined;
  readonly to?: string | undefined;
  /** Further keys of the site, after a comma. */
  readonly site?: string | undefined;
  /** Further sites, after a comma. */
  readonly sites?: string | undefined;
}

/** Returns its path. */
export function writeSmallConfig(
  folder: string,
  {
    listen = '{ https: "127.0.0.1:0", http: false }',
    admin = '{ socket: admin.sock, http: false }',
    certificates = '{ issuer: internal }',
    workers = '0',
    beside = '',
    name = 'localhost',
    to = 'http://127.0.0.1:1',
    site = '',
    sites = '',
  }: SmallConfig = {},
): string {
  const file = path.join(folder, 'gatehouse.yaml');
  const lines = [
    `listen: ${listen}`,
    `admin: ${admin}`,
    `certificates: ${certificates}`,
    `workers: ${workers}`,
    beside,
    `sites: { ${name}: { to: "${to}", waf: { mode: off }${site} }${sites} }`,
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}
