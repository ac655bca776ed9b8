import { beforeEach, describe, expect, test } from 'vitest';
import { cloudflare } from '../../../src/acme/dns/cloudflare.ts';
import type { DnsProvider } from '../../../src/acme/dns/provider.ts';
import type { Backend } from '../../support/backend.ts';
import { startBackend } from '../../support/backend.ts';
import { failureOf, noEnd } from './failing.ts';

const token = 'cf-token-1234567890';

interface Entry {
  id: string;
  type: string;
  name: string;
  content: string;
  ttl?: number;
}

/** As much of the API as the provider uses, with small pages. */
class Account {
  readonly zones = new Map([['zone1', 'example.test']]);
  records: Entry[] = [];
  canList = true;
  pageSize = 2;
  #next = 1;

  answer(method: string, url: URL, authorization: string | undefined, body: string): [number, unknown] {
    if (authorization !== `Bearer ${token}`) return failed(403, 9109, `Invalid access token ${authorization}`);
    const [, zone, id] = /^\/client\/v4\/zones(?:\/([^/]+)\/dns_records(?:\/([^/]+))?)?$/.exec(url.pathname) ?? [];
    if (zone === undefined) {
      const all = [...this.zones].map(([zoneId, name]) => ({ id: zoneId, name, status: 'active' }));
      return good(this.canList ? all.filter(({ name }) => name === url.searchParams.get('name')) : []);
    }
    if (!this.zones.has(zone)) return failed(404, 7003, 'Could not route to the zone');
    if (method === 'GET') return this.#list(url.searchParams);
    if (method === 'POST') return this.#create(JSON.parse(body) as Entry);
    const before = this.records.length;
    this.records = this.records.filter((record) => record.id !== id);
    return before === this.records.length ? failed(404, 81044, 'Record does not exist.') : good({ id });
  }

  #list(query: URLSearchParams): [number, unknown] {
    const found = this.records.filter(({ type, name }) => type === query.get('type') && name === query.get('name'));
    const page = Number(query.get('page'));
    const info = { page, per_page: this.pageSize, total_pages: Math.ceil(found.length / this.pageSize) };
    return good(found.slice((page - 1) * this.pageSize, page * this.pageSize), info);
  }

  #create(entry: Entry): [number, unknown] {
    const isThere = this.records.some(({ name, content }) => name === entry.name && content === entry.content);
    if (isThere) return failed(400, 81058, 'An identical record already exists.');
    this.records.push({ ...entry, id: `r${this.#next++}` });
    return good(this.records.at(-1));
  }
}

function good(result: unknown, info?: unknown): [number, unknown] {
  return [
    200,
    { success: true, errors: [], messages: [], result, ...(info === undefined ? {} : { result_info: info }) },
  ];
}

function failed(status: number, code: number, message: string): [number, unknown] {
  return [status, { success: false, errors: [{ code, message }], messages: [], result: null }];
}

let account: Account;
let api: Backend;
/** What the service answers instead, once each. */
let instead: [number, unknown][];

beforeEach(async () => {
  account = new Account();
  instead = [];
  api = await startBackend(({ method, url, headers, body }, response) => {
    const given = account.answer(method, new URL(url, 'http://api'), headers.authorization, body.toString());
    const [status, answer] = instead.shift() ?? given;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
});

function provider(settings: { token?: string; zoneId?: string } = {}): DnsProvider {
  const { token: given = token, zoneId } = settings;
  return cloudflare(
    { name: 'cloudflare', token: given, zoneId, endpoint: `${api.url}/client/v4/` },
    { firstPauseMs: 20 },
  );
}

const fqdn = '_acme-challenge.app.example.test';
const contents = (): string[] => account.records.map(({ content }) => content);

test('a record is added to the zone that holds it, and removed', async () => {
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(account.records).toEqual([{ id: 'r1', type: 'TXT', name: fqdn, content: '"one"', ttl: 60 }]);
  await provider().cleanup({ fqdn, value: 'one' }, noEnd);
  expect(account.records).toEqual([]);
  const looked = api.seen.filter(({ url }) => url.startsWith('/client/v4/zones?')).map(({ url }) => url.slice(22));
  const names = ['_acme-challenge.app.example.test', 'app.example.test', 'example.test'];
  expect(looked).toEqual([...names, ...names]);
});

test('values live side by side, and each goes alone', async () => {
  account.records = ['a', 'b', 'c'].map((content) => ({
    id: content,
    type: 'TXT',
    name: fqdn,
    content: `"${content}"`,
  }));
  await provider().present({ fqdn, value: 'apex' }, noEnd);
  await provider().present({ fqdn, value: 'wildcard' }, noEnd);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  expect(contents()).toEqual(['"a"', '"b"', '"c"', '"wildcard"']);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  expect(contents()).toEqual(['"a"', '"b"', '"c"', '"wildcard"']);
});

test.for(['"one"', 'one'])('a record that is there as %s is used as it is, on any page', async (content) => {
  const others = ['a', 'b', 'c'].map((each) => ({ id: each, type: 'TXT', name: fqdn, content: each }));
  account.records = [...others, { id: 'x', type: 'TXT', name: fqdn, content }];
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(account.records.length).toBe(4);
  await provider().cleanup({ fqdn, value: 'one' }, noEnd);
  expect(account.records).toEqual(others);
});

test('an identical record that somebody else added in between is success', async () => {
  account.records = [{ id: 'x', type: 'TXT', name: fqdn, content: '"one"' }];
  instead = [good([{ id: 'zone1', name: fqdn }]), good([], { total_pages: 1 })];
  await provider().present({ fqdn, value: 'one' }, noEnd);
});

test('a zone that is written is not looked for', async () => {
  account.canList = false;
  await provider({ zoneId: 'zone1' }).present({ fqdn, value: 'one' }, noEnd);
  expect(api.seen.map(({ url }) => url.split('?')[0])).toEqual(Array(2).fill('/client/v4/zones/zone1/dns_records'));
});

test('a limit is waited for', async () => {
  instead = [failed(429, 971, 'Please wait'), failed(429, 971, 'Please wait')];
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(contents()).toEqual(['"one"']);
});

describe('a failure says what was tried, what the service answered and what to do', () => {
  test('a token that is not valid, which the service repeats', async () => {
    const failure = await failureOf(provider({ token: 'wrong-wrong-wrong' }).present({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toBe(
      `cloudflare: finding the zone of ${fqdn} failed: HTTP 403: Invalid access token Bearer *** (9109); see that dns.token is a valid API token with DNS Edit and Zone Read for the zone`,
    );
    expect(failure).toMatchObject({ code: 'dns_provider_failed', retry: false });
    expect(api.seen.length).toBe(1);
  });

  test('no zone', async () => {
    account.canList = false;
    const failure = await failureOf(provider().present({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toMatch(/the token sees no zone that holds this name; give the token Zone Read/);
  });

  test('a zone that is none', async () => {
    const failure = await failureOf(provider({ zoneId: 'nozone' }).cleanup({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toMatch(
      /listing the TXT records .* failed: HTTP 404: Could not route to the zone \(7003\)/,
    );
  });

  test.for(['<html>hello', '[]', '{}', 'null'])('an answer that is %j', async (text) => {
    instead = [[200, text]];
    const failure = await failureOf(provider().present({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toMatch(/HTTP 200 with an answer that cannot be read: /);
  });
});
