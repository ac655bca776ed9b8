// The version, from the package's own description; the file lies one folder up from src/ and from dist/.
import { readFileSync } from 'node:fs';

const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const VERSION: string = description.version;
