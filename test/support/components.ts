// The real programs that some tests run against, and the Debian packages that bring them.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export const COMPONENTS = {
  curl: 'curl',
  h2load: 'nghttp2-client',
  chromium: 'chromium',
} as const;

export type Component = keyof typeof COMPONENTS;

/** Whether the program is on the PATH. */
export function hasComponent(name: Component): boolean {
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
