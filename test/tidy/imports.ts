// The import graph of src/, read from the text: type imports count, because a type from above ties as much as code.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SOURCE = path.resolve(import.meta.dirname, '../../src');
const IMPORT = /(?:import|export)\s[^'"]*?from\s*['"](\.[^'"]+)['"]|import\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** From each file to those it imports; paths relative to src/. */
export function importGraph(): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const entry of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue;
    const text = readFileSync(path.join(SOURCE, entry), 'utf8');
    const targets = [...text.matchAll(IMPORT)].map((match) =>
      path.join(path.dirname(entry), (match[1] ?? match[2]) as string),
    );
    graph.set(entry, targets);
  }
  return graph;
}

/** `cli` for `cli/run.ts`; `main.ts` and `index.ts` are rooms of their own. */
export function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/', 1)[0] as string) : file;
}
