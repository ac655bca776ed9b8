// The names that an order asks for, and whether the CA gives certificates for them.
import { isIP, isIPv6 } from 'node:net';
import { malformed } from './jws.ts';
import type { Identifier, Problem } from './problem.ts';
import { AcmeProblem } from './problem.ts';
import type { CaSettings, Profile } from './settings.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$`);
const MAX_NAME_LENGTH = 253;

/** One text for each name and address: lower case, and addresses as RFC 5952 writes them. */
export function canonical(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name.toLowerCase();
}

/** Throws unless the order may have all of them. */
export function readIdentifiers(value: unknown, profile: Profile | undefined, settings: CaSettings): Identifier[] {
  if (!Array.isArray(value) || value.length === 0) throw malformed('identifiers is no list, or empty');
  const identifiers = (value as Partial<Identifier>[]).map((one) => {
    if (typeof one?.type !== 'string' || typeof one.value !== 'string') throw malformed('an identifier without words');
    return { type: one.type, value: one.value };
  });
  if (new Set(identifiers.map((one) => one.value)).size < identifiers.length) throw malformed('a name is there twice');
  const maxNames = profile?.maxNames ?? settings.maxNames;
  if (identifiers.length > maxNames) throw malformed(`more than ${maxNames} names`);
  const types = profile === undefined ? settings.identifierTypes : (profile.identifierTypes ?? ['dns']);
  const problems = identifiers.flatMap((identifier) => {
    const problem = problemOf(identifier, types, settings.blocked);
    return problem === undefined ? [] : [{ ...problem, identifier }];
  });
  const [first] = problems;
  if (first === undefined) return identifiers;
  if (identifiers.length === 1) throw new AcmeProblem(first.type, first.detail ?? '');
  throw new AcmeProblem(first.type, `${problems.length} of the names are refused`, { subproblems: problems });
}

function problemOf(
  { type, value }: Identifier,
  types: readonly string[],
  blocked: readonly string[],
): Problem | undefined {
  if (!types.includes(type)) return { type: 'unsupportedIdentifier', detail: `no certificate for the type ${type}` };
  if (type === 'ip') {
    const isGood = isIP(value) !== 0 && canonical(value) === value;
    return isGood ? undefined : { type: 'malformed', detail: `${value} is no address in its usual form` };
  }
  if (value.length > MAX_NAME_LENGTH || !NAME.test(value)) {
    return { type: 'rejectedIdentifier', detail: `${value} is no name of a public domain` };
  }
  const isBlocked = blocked.some((name) => value === name || value.endsWith(`.${name}`));
  return isBlocked ? { type: 'rejectedIdentifier', detail: `policy forbids issuing for ${value}` } : undefined;
}
