// A route's conditions, compiled once at load into a list of tests; all must hold.
import type { IpSet } from '../base/ip.ts';
import { ipSet } from '../base/ip.ts';
import type { RouteMatch } from '../config/model/sites.ts';
import { headerValues } from '../http/headers.ts';
import { pathForMatching } from '../http/target.ts';
import { compileGlob } from './glob.ts';

/** What a route can look at. */
export interface RouteSubject {
  readonly method: string;
  /** Canonical. */
  readonly path: string;
  /** With its '?', or empty. */
  readonly query: string;
  readonly headers: readonly string[];
  readonly client: string;
  /** The path as some backend may read it, in place of a guard's reading. */
  readonly reading?: string;
}

export type Matcher = (subject: RouteSubject) => boolean;

/** A match without conditions matches everything. */
export function compileMatch(match: RouteMatch): Matcher {
  const tests: Matcher[] = [];
  if (match.method !== undefined) tests.push(methodTest(match.method));
  if (match.path !== undefined) tests.push(pathTest(match.path));
  for (const [name, value] of match.header ?? []) tests.push(headerTest(name, value));
  for (const [name, value] of match.query ?? []) tests.push(queryTest(name, value));
  if (match.client !== undefined) tests.push(clientTest(ipSet(match.client)));
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (subject) => tests.every((test) => test(subject));
}

/** A route for GET answers HEAD too: HEAD is GET without the content (RFC 9110, 9.3.2). */
function methodTest(methods: readonly string[]): Matcher {
  const allowed = new Set(methods.map((method) => method.toUpperCase()));
  if (allowed.has('GET')) allowed.add('HEAD');
  return ({ method }) => allowed.has(method);
}

function pathTest(globs: readonly string[]): Matcher {
  const tests = globs.map(compileGlob);
  return ({ path, reading }) => {
    const readable = reading ?? pathForMatching(path);
    return tests.some((test) => test(readable));
  };
}

function headerTest(name: string, value: string): Matcher {
  return ({ headers }) => {
    const values = headerValues(headers, name);
    return value === '*' ? values.length > 0 : values.includes(value);
  };
}

function queryTest(name: string, value: string): Matcher {
  return ({ query }) => {
    if (query.length < 2) return false;
    const values = new URLSearchParams(query).getAll(name);
    return value === '*' ? values.length > 0 : values.includes(value);
  };
}

function clientTest(blocks: IpSet): Matcher {
  return ({ client }) => blocks.has(client);
}
