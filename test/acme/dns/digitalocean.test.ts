import { beforeEach, expect, test } from 'vitest';
import { digitalocean } from '../../../src/acme/dns/digitalocean.ts';
import type { DnsProvider } from '../../../src/acme/dns/provider.ts';
import type { Backend } from '../../support/backend.ts';
import { startBackend } from '../../support/backend.ts';
import { failureOf, noEnd } from './failing.ts';

const token = 'dop_v1_1234567890';

interface Entry {
  id: number;
  type: string;
  name: string;
  data: string;
  ttl?: number;
}

let records: Entry[];
let api: Backend;
/** What the service answers instead, once each. */
let instead: [number, unknown][];
const pageSize = 2;

beforeEach(async () => {
  records = [];
  instead = [];
  let next = 1;
  const answer = (method: string, url: URL, authorization: string | undefined, body: string): [number, unknown] => {
    if (authorization !== `Bearer ${token}`)
      return [401, { id: 'Unauthorized', message: 'Unable to authenticate you' }];
    const [, domain, list, id] = /^\/v2\/domains\/([^/]+)(\/records(?:\/([0-9]+))?)?$/.exec(url.pathname) ?? [];
    const missing: [number, unknown] = [404, { id: 'not_found', message: 'The resource was not found.' }];
    if (domain !== 'example.test') return missing;
    if (list === undefined) return [200, { domain: { name: domain, ttl: 1800 } }];
    if (method === 'POST') {
      records.push({ ...(JSON.parse(body) as Entry), id: next++ });
      return [201, { domain_record: records.at(-1) }];
    }
    if (method === 'DELETE') {
      const left = records.filter((record) => record.id !== Number(id));
      if (left.length === records.length) return missing;
      records = left;
      return [204, ''];
    }
    const full = (name: string): string => (name === '@' ? domain : `${name}.${domain}`);
    const found = records.filter(
      ({ type, name }) => type === url.searchParams.get('type') && full(name) === url.searchParams.get('name'),
    );
    const page = Number(url.searchParams.get('page'));
    const isMore = page * pageSize < found.length;
    const links = isMore ? { pages: { next: 'http://elsewhere.invalid/?page=2', last: 'x' } } : {};
    return [200, { domain_records: found.slice((page - 1) * pageSize, page * pageSize), links, meta: { total: 1 } }];
  };
  api = await startBackend(({ method, url, headers, body }, response) => {
    const given = answer(method, new URL(url, 'http://api'), headers.authorization, body.toString());
    const [status, text] = instead.shift() ?? given;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof text === 'string' ? text : JSON.stringify(text));
  });
});

function provider(given: string = token): DnsProvider {
  return digitalocean({ name: 'digitalocean', token: given, endpoint: api.url }, { firstPauseMs: 20 });
}

const fqdn = '_acme-challenge.app.example.test';
const values = (): string[] => records.map(({ data }) => data);

test('a record is added to the domain that holds it, and removed', async () => {
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(records).toEqual([{ id: 1, type: 'TXT', name: '_acme-challenge.app', data: 'one', ttl: 60 }]);
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(records.length).toBe(1);
  await provider().cleanup({ fqdn, value: 'one' }, noEnd);
  expect(records).toEqual([]);
});

test('the domain itself may be the name', async () => {
  await provider().present({ fqdn: 'example.test', value: 'one' }, noEnd);
  expect(records).toMatchObject([{ name: '@' }]);
  await provider().cleanup({ fqdn: 'example.test', value: 'one' }, noEnd);
  expect(records).toEqual([]);
});

test('values live side by side, on many pages, and each goes alone, with its doubles', async () => {
  const name = '_acme-challenge.app';
  records = ['a', 'b', 'c', 'twice', 'twice'].map((data, index) => ({ id: 100 + index, type: 'TXT', name, data }));
  await provider().present({ fqdn, value: 'apex' }, noEnd);
  await provider().present({ fqdn, value: 'wildcard' }, noEnd);
  await provider().cleanup({ fqdn, value: 'twice' }, noEnd);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  expect(values()).toEqual(['a', 'b', 'c', 'wildcard']);
});

test('a limit and a fault of the service are waited for', async () => {
  instead = [
    [429, { id: 'too_many_requests', message: 'API Rate limit exceeded.' }],
    [500, { id: 'server_error', message: 'Unexpected server-side error' }],
  ];
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(values()).toEqual(['one']);
});

test('a token that is not valid', async () => {
  const failure = await failureOf(provider('wrong-wrong').present({ fqdn, value: 'one' }, noEnd));
  expect(failure).toMatchObject({ code: 'dns_provider_failed', retry: false });
  expect(failure.message).toBe(
    `digitalocean: finding the domain of ${fqdn} failed: HTTP 401: Unable to authenticate you (Unauthorized); see that dns.token is valid and may read and write domains`,
  );
});

test('no domain', async () => {
  const failure = await failureOf(provider().present({ fqdn: 'a.elsewhere.test', value: 'one' }, noEnd));
  expect(failure.message).toMatch(/the account has no domain that holds this name/);
});

test('an answer that cannot be read', async () => {
  instead = [[200, '<html>']];
  const failure = await failureOf(provider().present({ fqdn, value: 'one' }, noEnd));
  expect(failure.message).toMatch(/HTTP 200 with an answer that cannot be read: <html>/);
});
