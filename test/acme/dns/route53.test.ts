import { createHash, createHmac } from 'node:crypto';
import { parseXml } from '@rgrove/parse-xml';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DnsProvider } from '../../../src/acme/dns/provider.ts';
import { route53 } from '../../../src/acme/dns/route53.ts';
import type { Backend, SeenRequest } from '../../support/backend.ts';
import { startBackend } from '../../support/backend.ts';
import { after, failureOf, noEnd } from './failing.ts';

const accessKeyId = 'AKIDEXAMPLE';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

/** The signature of a request, worked out as AWS describes it and not as the code under test does. */
function signatureOf({ method, url, headers, body }: SeenRequest, secret: string, region: string): string {
  const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/${region}/route53/aws4_request`;
  const key = ['route53', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secret}`, time.slice(0, 8)), region));
  return hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
}

interface Zone {
  id: string;
  name: string;
  isPrivate: boolean;
}

/** As much of the API as the provider uses. */
class Account {
  zones: Zone[] = [
    { id: 'ZPRIVATE', name: 'example.test', isPrivate: true },
    { id: 'ZPUBLIC', name: 'example.test', isPrivate: false },
  ];
  /** By zone and name. */
  readonly sets = new Map<string, { ttl: string; values: string[] }>();
  extra = '';
  region = 'us-east-1';
  /** How often a change is asked for before it is in sync. */
  pendingFor = 1;
  /** Runs before a change is made. */
  beforeChange: () => void = () => undefined;
  changes = 0;

  answer(request: SeenRequest): [number, string] {
    const url = new URL(request.url, 'http://api');
    const given = /Signature=([0-9a-f]+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given !== signatureOf(request, secretAccessKey, this.region)) {
      return failed(403, 'SignatureDoesNotMatch', `The request signature we calculated does not match ${accessKeyId}`);
    }
    if (url.pathname === '/2013-04-01/hostedzonesbyname') return this.#zonesFrom(url.searchParams.get('dnsname') ?? '');
    if (url.pathname === '/2013-04-01/change/C1') {
      return [
        200,
        `<GetChangeResponse>${changeInfo(this.pendingFor-- > 0 ? 'PENDING' : 'INSYNC')}</GetChangeResponse>`,
      ];
    }
    const [, zone] = /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset$/.exec(url.pathname) ?? [];
    if (zone === undefined || !this.zones.some(({ id }) => id === zone))
      return failed(404, 'NoSuchHostedZone', 'No zone');
    if (request.method === 'POST') return this.#change(zone, request.body.toString());
    return this.#list(zone, url.searchParams.get('name') ?? '');
  }

  #zonesFrom(name: string): [number, string] {
    const zones = this.zones.filter((zone) => zone.name >= name);
    const entries = zones.map(
      (zone) =>
        `<HostedZone><Id>/hostedzone/${zone.id}</Id><Name>${zone.name}.</Name><Config><PrivateZone>${zone.isPrivate}</PrivateZone></Config></HostedZone>`,
    );
    return [
      200,
      `<?xml version="1.0"?>\n<ListHostedZonesByNameResponse xmlns="x"><HostedZones>${entries.join('')}</HostedZones></ListHostedZonesByNameResponse>`,
    ];
  }

  #list(zone: string, name: string): [number, string] {
    const set = this.sets.get(`${zone} ${name}`);
    const other = `<ResourceRecordSet><Name>zzz.example.test.</Name><Type>TXT</Type><TTL>9</TTL><ResourceRecords><ResourceRecord><Value>"other"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`;
    const records = set?.values.map(
      (value) =>
        `<ResourceRecord><Value>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Value></ResourceRecord>`,
    );
    const own = `<ResourceRecordSet><Name>${name.replace('_', '\\137')}.</Name><Type>TXT</Type>${this.extra}<TTL>${set?.ttl}</TTL><ResourceRecords>${records?.join('')}</ResourceRecords></ResourceRecordSet>`;
    return [
      200,
      `<ListResourceRecordSetsResponse><ResourceRecordSets>${set === undefined ? other : own}</ResourceRecordSets></ListResourceRecordSetsResponse>`,
    ];
  }

  #change(zone: string, body: string): [number, string] {
    this.beforeChange();
    this.changes++;
    const root = parseXml(body).root!;
    const all = (name: string, at: typeof root): (typeof root)[] =>
      at.children
        .flatMap((child) => (child.type === 'element' ? [child as typeof root] : []))
        .flatMap((child) => [...(child.name === name ? [child] : []), ...all(name, child)]);
    const after = new Map(this.sets);
    for (const change of all('Change', root)) {
      const text = (name: string): string => all(name, change)[0]?.text ?? '';
      const key = `${zone} ${text('Name').replace(/\.$/, '')}`;
      const set = { ttl: text('TTL'), values: all('Value', change).map((value) => value.text) };
      const isAsRead = JSON.stringify(after.get(key)) === JSON.stringify(set);
      if (text('Action') === 'DELETE' ? !isAsRead : after.has(key)) {
        return [
          400,
          `<InvalidChangeBatch xmlns="x"><Messages><Message>Tried to ${text('Action')} but the values provided do not match</Message></Messages></InvalidChangeBatch>`,
        ];
      }
      if (text('Action') === 'DELETE') after.delete(key);
      else after.set(key, set);
    }
    this.sets.clear();
    for (const [key, set] of after) this.sets.set(key, set);
    return [200, `<ChangeResourceRecordSetsResponse>${changeInfo('PENDING')}</ChangeResourceRecordSetsResponse>`];
  }
}

function changeInfo(status: string): string {
  return `<ChangeInfo><Id>/change/C1</Id><Status>${status}</Status></ChangeInfo>`;
}

function failed(status: number, code: string, message: string): [number, string] {
  return [
    status,
    `<?xml version="1.0"?>\n<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  ];
}

let account: Account;
let api: Backend;
/** What the service answers instead, once each. */
let instead: [number, string][];

beforeEach(async () => {
  account = new Account();
  instead = [];
  api = await startBackend((request, response) => {
    const given = account.answer(request);
    const [status, text] = instead.shift() ?? given;
    response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
  });
});

interface Given {
  secretAccessKey?: string;
  sessionToken?: string;
  region?: string;
  zoneId?: string;
}

function provider(given: Given = {}): DnsProvider {
  const settings = {
    name: 'route53',
    accessKeyId,
    secretAccessKey,
    sessionToken: undefined,
    region: 'us-east-1',
    zoneId: undefined,
    endpoint: api.url,
    ...given,
  } as const;
  return route53(settings, { firstPauseMs: 20, pollMs: 20 });
}

const fqdn = '_acme-challenge.app.example.test';
const set = (): unknown => account.sets.get(`ZPUBLIC ${fqdn}`);

test('a record set is made in the public zone, waited for, and removed', async () => {
  account.pendingFor = 3;
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(set()).toEqual({ ttl: '60', values: ['"one"'] });
  expect(api.seen.filter(({ url }) => url === '/2013-04-01/change/C1').length).toBe(4);
  await provider().cleanup({ fqdn, value: 'one' }, noEnd);
  expect(set()).toBeUndefined();
});

test('other values of the set stay, with its TTL, and each goes alone', async () => {
  account.sets.set(`ZPUBLIC ${fqdn}`, { ttl: '300', values: ['"v=1; a&b <c> \\"d\\""'] });
  const other = '"v=1; a&b <c> \\"d\\""';
  await provider().present({ fqdn, value: 'apex' }, noEnd);
  await provider().present({ fqdn, value: 'wildcard' }, noEnd);
  await provider().present({ fqdn, value: 'apex' }, noEnd);
  expect(set()).toEqual({ ttl: '300', values: [other, '"apex"', '"wildcard"'] });
  expect(account.changes).toBe(2);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  await provider().cleanup({ fqdn, value: 'apex' }, noEnd);
  await provider().cleanup({ fqdn, value: 'wildcard' }, noEnd);
  expect(set()).toEqual({ ttl: '300', values: [other] });
});

test('a change that somebody else was faster with is made anew, and nothing is lost', async () => {
  const others = ['"x"', '"y"'];
  account.beforeChange = () => {
    const value = others.shift();
    const old = account.sets.get(`ZPUBLIC ${fqdn}`)?.values ?? [];
    if (value !== undefined) account.sets.set(`ZPUBLIC ${fqdn}`, { ttl: '60', values: [...old, value] });
  };
  await provider().present({ fqdn, value: 'mine' }, noEnd);
  expect(set()).toEqual({ ttl: '60', values: ['"x"', '"y"', '"mine"'] });
});

test('a race without end is given up', async () => {
  let count = 0;
  account.beforeChange = () => account.sets.set(`ZPUBLIC ${fqdn}`, { ttl: '60', values: [`"${count++}"`] });
  const failure = await failureOf(provider().present({ fqdn, value: 'mine' }, noEnd));
  expect(count).toBe(5);
  expect(failure.message).toMatch(/InvalidChangeBatch: Tried to DELETE but the values provided do not match/);
});

test('requests of other regions, and with temporary credentials, are signed too', async () => {
  account.region = 'cn-northwest-1';
  await provider({ region: 'cn-northwest-1', sessionToken: 'session/+token==' }).present({ fqdn, value: 'one' }, noEnd);
  expect(set()).toEqual({ ttl: '60', values: ['"one"'] });
  for (const { headers } of api.seen) {
    expect(headers['x-amz-security-token']).toBe('session/+token==');
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*host;[^,]*x-amz-date;x-amz-security-token/);
    expect(headers.authorization).toContain(`Credential=${accessKeyId}/`);
  }
});

test('a zone that is written is not looked for', async () => {
  account.zones = [{ id: 'ZGIVEN', name: 'hidden.test', isPrivate: true }];
  await provider({ zoneId: 'ZGIVEN' }).present({ fqdn, value: 'one' }, noEnd);
  expect(account.sets.has(`ZGIVEN ${fqdn}`)).toBe(true);
});

test('limits are waited for', async () => {
  instead = [
    failed(400, 'Throttling', 'Rate exceeded'),
    failed(400, 'PriorRequestNotComplete', 'The request was rejected'),
    [503, 'busy'],
  ];
  await provider().present({ fqdn, value: 'one' }, noEnd);
  expect(set()).toEqual({ ttl: '60', values: ['"one"'] });
});

test('a change that stays pending ends at the deadline', async () => {
  account.pendingFor = 1_000_000;
  const failure = await failureOf(provider().present({ fqdn, value: 'one' }, after(300)));
  expect(failure).toMatchObject({ retry: true });
  expect(failure.message).toMatch(/waiting for the TXT record .* took too long/);
});

describe('a failure says what the service answered and what to do', () => {
  test('a wrong secret, which is not shown', async () => {
    const wrong = 'wrong/wrong+wrong';
    const failure = await failureOf(provider({ secretAccessKey: wrong }).present({ fqdn, value: 'one' }, noEnd));
    expect(failure).toMatchObject({ code: 'dns_provider_failed', retry: false });
    expect(failure.message).toMatch(
      /^route53: finding the hosted zone of .* failed: HTTP 403: SignatureDoesNotMatch: The request signature .*; see that the access key/,
    );
    expect(failure.message).not.toContain(wrong);
  });

  test('no public zone', async () => {
    account.zones = [{ id: 'ZPRIVATE', name: 'example.test', isPrivate: true }];
    const failure = await failureOf(provider().present({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toMatch(/the account has no public hosted zone that holds this name/);
  });

  test('a set with a routing policy is left alone', async () => {
    account.sets.set(`ZPUBLIC ${fqdn}`, { ttl: '60', values: ['"x"'] });
    account.extra = '<SetIdentifier>eu</SetIdentifier><Weight>1</Weight>';
    const failure = await failureOf(provider().present({ fqdn, value: 'one' }, noEnd));
    expect(failure.message).toMatch(/routing policy/);
    expect(account.changes).toBe(0);
  });

  test('an answer that is no XML, or none of ours, is a failure and no crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('<a>', '<a/>', '<a><b>&x;</b></a>', '<ErrorResponse/>', `${'<a>'.repeat(50_000)}`),
          fc.constant('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'),
        ),
        fc.constantFrom(200, 400, 403),
        async (text, status) => {
          instead = [[status, text]];
          const failure = await failureOf(provider({ zoneId: 'ZPUBLIC' }).cleanup({ fqdn, value: 'x' }, noEnd)).catch(
            (error: unknown) => (error as Error).message,
          );
          // Well-formed XML without any record sets is an empty list.
          if (failure === 'it did not fail') expect(status).toBe(200);
          else expect(failure).toMatchObject({ code: 'dns_provider_failed' });
        },
      ),
      { numRuns: 60 },
    );
  });
});
