// The real programs that some tests run against, and the Debian packages that bring them.
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

export const COMPONENTS = {
  curl: 'curl',
  h2load: 'nghttp2-client',
  chromium: 'chromium',
  named: 'bind9',
  'redis-server': 'redis-server',
  'modsecurity-crs': 'modsecurity-crs',
  pebble: 'pebble',
  'pebble-challtestsrv': 'pebble',
  testssl: 'testssl.sh',
  openssl: 'openssl',
} as const;

export type Component = keyof typeof COMPONENTS;

/** Packages that are data and no program. */
const DATA: Partial<Record<Component, string>> = { 'modsecurity-crs': '/usr/share/modsecurity-crs/rules' };

/** Whether the program is on the PATH, or the data where the package puts it. */
export function hasComponent(name: Component): boolean {
  const data = DATA[name];
  if (data !== undefined) return existsSync(data);
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function missingComponents(): Component[] {
  return (Object.keys(COMPONENTS) as Component[]).filter((name) => !hasComponent(name));
}
