// What this program is called and which version it is; package.json lies two folders up from src/cli/ and from dist/cli/.
import { readFileSync } from 'node:fs';

const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const VERSION: string = description.version;

/** How to call it again: from the sources in the repository, or as the installed command. */
export const SELF: string = import.meta.filename.endsWith('.ts') ? 'npx node src/main.ts' : 'gatehouse';

/** The command of a worker's process; hidden in the help. */
export const WORK = 'work';
