// Results are kept under the day they were made; one that is there already is never overwritten.
import { existsSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('../results/', import.meta.url);

/** Returns the path that was written. */
export function saveResult(name: string, startedAt: string, text: string): string {
  const day = startedAt.slice(0, 10);
  for (let copy = 1; ; copy++) {
    const { pathname } = new URL(`${day}-${name}${copy === 1 ? '' : `-${copy}`}.md`, FOLDER);
    if (existsSync(pathname)) continue;
    writeFileSync(pathname, text);
    return pathname;
  }
}
