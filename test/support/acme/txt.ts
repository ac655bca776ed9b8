// TXT records, asked of one resolver. Aliases are followed here, since a server for tests does not follow them.
import { Resolver } from 'node:dns/promises';
import { AcmeProblem } from './problem.ts';

const MAX_ALIASES = 8;
const TIMEOUT_MS = 2000;

/** Empty: there are none. */
export async function lookUpTxt(name: string, server: string | undefined): Promise<string[]> {
  if (server === undefined) throw new AcmeProblem('dns', 'this CA was given no resolver');
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  resolver.setServers([server]);
  let record = name;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const values = await found(resolver.resolveTxt(record), name);
    if (values.length > 0) return values.map((parts) => parts.join(''));
    const [alias] = await found(resolver.resolveCname(record), name);
    if (alias === undefined) return [];
    record = alias;
  }
  throw new AcmeProblem('dns', `${name}: more than ${MAX_ALIASES} aliases`);
}

async function found<T>(answer: Promise<T[]>, name: string): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
    throw new AcmeProblem('dns', `${name}: ${code}`);
  }
}
