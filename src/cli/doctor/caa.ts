// Whether the zone lets the authority issue: CAA records (RFC 8659), with what RFC 8657 adds about accounts and challenges.
import type { CaaRecord } from 'node:dns';
import { isIP } from 'node:net';
import { orNone, reasonOf, withResolver } from '../../acme/dns/lookups.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'caa';
const CRITICAL = 128;
const KNOWN_TAGS: ReadonlySet<string> = new Set([
  'issue',
  'issuewild',
  'iodef',
  'issuemail',
  'issuevmc',
  'contactemail',
  'contactphone',
]);

/** Who asks for the certificate. */
export interface Applicant {
  /** Domain names by which the authority is known in CAA records. */
  readonly identities: readonly string[];
  /** The account's URL; undefined while there is none. */
  readonly account: string | undefined;
  readonly types: readonly string[];
}

export async function lookAtCaa(patient: Patient, applicant: Applicant, signal: AbortSignal): Promise<Finding[]> {
  const { name, host, resolvers } = patient;
  if (isIP(name) !== 0) return [ok(CHECK, 'CAA records are for names, not for addresses')];
  try {
    const found = await withResolver(resolvers, signal, async (resolver) => {
      for (const domain of climb(host)) {
        const records = await orNone<CaaRecord>(resolver.resolveCaa(domain));
        if (records.length > 0) return { domain, records };
      }
      return undefined;
    });
    if (found === undefined) return [ok(CHECK, `no CAA record at ${host} or above: every authority may issue`)];
    return [judgeCaa(found.domain, found.records, name.startsWith('*.'), applicant)];
  } catch (error) {
    const message = `the CAA records of ${host} could not be looked up: ${reasonOf(error)}`;
    return [
      fail(CHECK, message, 'Authorities refuse to issue then. See that the name servers answer questions for CAA.'),
    ];
  }
}

/** The name and each of its parents, without the root (RFC 8659, 3). */
export function climb(host: string): string[] {
  const labels = host.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

/** The set that counts, by RFC 8659, 4: `issuewild` rules wildcards alone where there is one. */
export function judgeCaa(
  domain: string,
  records: readonly CaaRecord[],
  isWildcard: boolean,
  applicant: Applicant,
): Finding {
  const unknown = records.find(
    (record) => (record.critical & CRITICAL) !== 0 && !tagsOf(record).every((tag) => KNOWN_TAGS.has(tag)),
  );
  if (unknown !== undefined) {
    const tag = tagsOf(unknown).join(', ');
    return fail(
      CHECK,
      `${domain} has a critical CAA record that authorities do not know (${tag}), so none may issue`,
      'Remove it.',
    );
  }
  const wild = isWildcard ? valuesOf(records, 'issuewild') : [];
  const tag = wild.length > 0 ? 'issuewild' : 'issue';
  const values = wild.length > 0 ? wild : valuesOf(records, 'issue');
  if (values.length === 0) return ok(CHECK, `the CAA records of ${domain} restrict nobody here`);
  if (applicant.identities.length === 0) {
    return warn(
      CHECK,
      `${domain} restricts who may issue (${values.join(' | ')}), and the authority does not say which of them it is`,
    );
  }
  const [identity = ''] = applicant.identities;
  const own = values.map(readIssue).filter((issue) => applicant.identities.includes(issue.domain));
  if (own.length === 0) {
    const allowed = values.map((value) => readIssue(value).domain || 'nobody').join(', ');
    const message = `${domain} lets ${allowed} issue${isWildcard ? ' wildcards' : ''}, and not ${identity}`;
    return fail(CHECK, message, `Add the record: ${domain}. CAA 0 ${tag} "${identity}"`);
  }
  const obstacles = own.map((issue) => obstacleIn(issue, applicant));
  if (obstacles.every((obstacle) => obstacle !== undefined)) {
    return fail(
      CHECK,
      `the CAA record of ${domain} for ${identity} ${obstacles[0]}`,
      'Correct its parameters (RFC 8657).',
    );
  }
  return ok(CHECK, `the CAA records of ${domain} allow ${identity}`);
}

interface Issue {
  readonly domain: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** `ca.example; name=value; …` */
function readIssue(value: string): Issue {
  const [domain = '', ...rest] = value.split(';').map((part) => part.trim());
  const parameters = rest.map((part): [string, string] => {
    const sign = part.indexOf('=');
    return [part.slice(0, sign).trim().toLowerCase(), part.slice(sign + 1).trim()];
  });
  return { domain: domain.toLowerCase(), parameters: new Map(parameters) };
}

function obstacleIn({ parameters }: Issue, { account, types }: Applicant): string | undefined {
  const methods = parameters
    .get('validationmethods')
    ?.split(',')
    .map((method) => method.trim());
  if (methods !== undefined && !types.some((type) => methods.includes(type))) {
    return `allows the challenges ${methods.join(', ')} only, and the gateway would use ${types.join(', ')}`;
  }
  const uri = parameters.get('accounturi');
  if (uri === undefined || uri === account) return undefined;
  return `is for the account ${uri}, and the gateway's is ${account ?? 'yet to be made'}`;
}

function valuesOf(records: readonly CaaRecord[], tag: 'issue' | 'issuewild'): string[] {
  return records.map((record) => record[tag]).filter((value) => value !== undefined);
}

function tagsOf(record: CaaRecord): string[] {
  return Object.keys(record).filter((key) => key !== 'critical' && key !== 'type');
}
