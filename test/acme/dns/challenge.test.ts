import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dns01 } from '../../../src/acme/dns/challenge.ts';
import { challengeNameOf, followCnames } from '../../../src/acme/dns/delegation.ts';
import { seePropagation } from '../../../src/acme/dns/propagation.ts';
import type { DnsProvider, TxtRecord } from '../../../src/acme/dns/provider.ts';
import { rfc2136 } from '../../../src/acme/dns/rfc2136.ts';
import { GatehouseError } from '../../../src/base/errors.ts';
import type { DnsConfig } from '../../../src/config/model/certificates.ts';
import { hasComponent } from '../../support/components.ts';
import type { Named } from '../../support/named.ts';
import { forwardUdp, freePort, startNamed } from '../../support/named.ts';
import { after, failureOf, noEnd } from './failing.ts';

const key = { name: 'acme', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7).toString('base64') } as const;
const grants = ['acme zonesub TXT'];
/** Serves everything; the resolver too. */
let first: Named;
/** The second name server of pair.test, with other contents. */
let second: Named;
let forwarder: { close(): void };
/** The second one's address for everybody. */
const secondAddress = '127.0.0.2';

const chainOf = (length: number): string[] =>
  Array.from(
    { length },
    (_, step) =>
      `_acme-challenge.chain${length}${step === 0 ? '' : `-${step}`} CNAME _acme-challenge.chain${length}-${step + 1}`,
  );

beforeAll(async () => {
  if (!hasComponent('named')) return;
  const port = await freePort('127.0.0.1');
  const pair = [
    '@ IN NS ns1',
    '@ IN NS ns2',
    'ns1 IN A 127.0.0.1',
    // Nobody answers at the second address: a gateway without IPv6 has such ones.
    'ns1 IN A 127.0.0.3',
    'ns2 IN A 127.0.0.2',
    'both TXT "value"',
    'alias CNAME elsewhere.test.',
  ];
  first = await startNamed({
    port,
    keys: [key],
    zones: [
      {
        name: 'example.test',
        grants,
        records: [
          '_acme-challenge.delegated CNAME _acme-challenge.Target.Elsewhere.test.',
          '_acme-challenge.loop CNAME _acme-challenge.loop2',
          '_acme-challenge.loop2 CNAME _acme-challenge.loop',
          '_acme-challenge.self CNAME _acme-challenge.self',
          '_acme-challenge.odd CNAME -rf\\032.elsewhere.test.',
          ...chainOf(8),
          ...chainOf(9),
          'www CNAME elsewhere.test.',
        ],
      },
      { name: 'elsewhere.test', grants },
      { name: 'pair.test', grants, records: [...pair, 'one TXT "value"', 'late TXT "other"'] },
      { name: 'dead.test', records: ['@ IN NS ns1', 'ns1 IN A 127.0.0.4', 'a TXT "value"'] },
      { name: 'homeless.test', records: ['@ IN NS ns.elsewhere.test.', 'a TXT "value"'] },
    ],
  });
  second = await startNamed({
    keys: [key],
    zones: [{ name: 'pair.test', grants, records: [...pair, 'late TXT "other"', 'late TXT "more"'] }],
  });
  forwarder = await forwardUdp({ address: secondAddress, port }, second);
});

afterAll(async () => {
  await first?.close();
  await second?.close();
  forwarder?.close();
});

type Overrides = Partial<Omit<DnsConfig, 'propagation'>> & { propagation?: Partial<DnsConfig['propagation']> };

function settings({ propagation, ...overrides }: Overrides = {}): DnsConfig {
  return {
    provider: {
      name: 'rfc2136',
      server: { host: first.address, port: first.port },
      key,
      zone: undefined,
      transport: 'tcp',
    },
    timeoutMs: 10_000,
    challengeName: undefined,
    resolvers: [first.server],
    propagation: { check: 'authoritative', delayMs: 0, timeoutMs: 10_000, ...propagation },
    ...overrides,
  };
}

const pace = () => ({ firstPauseMs: 20, longestPauseMs: 50, port: first.port });

/** Keeps records in memory. */
class Memory implements DnsProvider {
  readonly records: string[] = [];
  readonly calls: string[] = [];
  concurrent = 0;
  most = 0;
  failing: string[] = [];

  present({ fqdn, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#work(`present ${fqdn} ${value}`, signal, () => this.records.push(`${fqdn} ${value}`));
  }

  cleanup({ fqdn, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const id = `${fqdn} ${value}`;
    return this.#work(`cleanup ${id}`, signal, () => this.records.splice(this.records.indexOf(id), 1));
  }

  async #work(call: string, signal: AbortSignal, work: () => void): Promise<void> {
    this.calls.push(call);
    this.most = Math.max(this.most, ++this.concurrent);
    await sleep(5);
    this.concurrent--;
    const isFailing = this.failing.indexOf(call.split(' ')[0] ?? '');
    if (isFailing >= 0) {
      this.failing.splice(isFailing, 1);
      throw new GatehouseError('dns_provider_failed', 'upstream', `${call} failed`);
    }
    if (signal.aborted) throw new GatehouseError('dns_provider_failed', 'upstream', `${call} was stopped`);
    work();
  }
}

test.for([
  ['example.test', '_acme-challenge.example.test'],
  ['*.Example.test.', '_acme-challenge.example.test'],
  ['a.b.example.test', '_acme-challenge.a.b.example.test'],
])('%s is proved at %s', ([name, expected]) => {
  expect(challengeNameOf(name!)).toBe(expected);
});

describe.skipIf(!hasComponent('named'))('where the record is written', () => {
  const follow = (name: string): Promise<string> => followCnames(challengeNameOf(name), [first.server], noEnd);

  test('at the name itself, or at the end of its CNAMEs', async () => {
    expect(await follow('plain.example.test')).toBe('_acme-challenge.plain.example.test');
    expect(await follow('www.example.test')).toBe('_acme-challenge.www.example.test');
    expect(await follow('*.delegated.example.test')).toBe('_acme-challenge.target.elsewhere.test');
    expect(await follow('chain8.example.test')).toBe('_acme-challenge.chain8-8.example.test');
  });

  test.for([
    ['loop.example.test', /loop\.example\.test -> .*loop2.* -> .*loop\.example\.test lead nowhere: they go round/],
    ['self.example.test', /go round in a circle/],
    ['chain9.example.test', /they are more than 8/],
    ['odd.example.test', /none that a record can be written to; correct them, or write dns\.challengeName/],
  ] as const)('%s leads nowhere', async ([name, message]) => {
    const failure = await failureOf(follow(name));
    expect(failure).toMatchObject({ code: 'dns_lookup_failed', retry: false });
    expect(failure.message).toMatch(message);
  });

  test('a resolver that does not answer', async () => {
    const refused = await failureOf(follow('example.invalid'));
    expect(refused.message).toMatch(
      /looking for a CNAME at _acme-challenge\.example\.invalid failed: REFUSED; see that dns\.resolvers/,
    );
    const silent = await failureOf(followCnames('a.test', [`127.0.0.5:${first.port}`], after(300)));
    expect(silent).toMatchObject({ code: 'dns_lookup_failed', retry: true });
    expect(silent.message).toMatch(/it cannot be reached|there was no time left/);
  });
});

describe.skipIf(!hasComponent('named'))('when the record can be seen', () => {
  const see = (fqdn: string, overrides: Overrides = {}, signal = noEnd): Promise<void> =>
    seePropagation({ fqdn, value: 'value' }, settings(overrides), signal, pace());
  const short = { propagation: { timeoutMs: 300 } };

  test('at every name server; one address of each is enough', async () => {
    await see('both.pair.test');
  });

  test('not at one of two only', async () => {
    const failure = await failureOf(see('one.pair.test', short));
    expect(failure).toMatchObject({ code: 'dns_not_visible', side: 'upstream', retry: true });
    expect(failure.message).toMatch(
      /^the TXT record one\.pair\.test with the value value cannot be seen yet, 1 of 2 servers do not show it \(ns2\.pair\.test: at 127\.0\.0\.2:[0-9]+ no such name \(NXDOMAIN\)\); .*dns\.propagationTimeout/,
    );
  });

  test('as soon as the last of them has it; until then the message says what they have', async () => {
    const failure = await failureOf(see('late.pair.test', short));
    expect(failure.message).toMatch(/2 of 2 .*ns1.*it has "other"; ns2.*it has "(?:other", "more|more", "other)"/);
    const seen = see('late.pair.test');
    for (const server of [first, second]) {
      const provider = rfc2136({
        name: 'rfc2136',
        server: { host: server.address, port: server.port },
        key,
        zone: 'pair.test',
        transport: 'tcp',
      });
      await sleep(100);
      await provider.present({ fqdn: 'late.pair.test', value: 'value' }, noEnd);
    }
    await seen;
  });

  test('a server that is dead, or has no address, shows nothing', async () => {
    expect((await failureOf(see('a.dead.test', short))).message).toMatch(
      /ns1\.dead\.test: at 127\.0\.0\.4:[0-9]+ (?:it cannot be reached|there was no time left)/,
    );
    expect((await failureOf(see('a.homeless.test', short))).message).toMatch(/ns\.elsewhere\.test: it has no address/);
  });

  test('a CNAME above the name is no zone', async () => {
    const failure = await failureOf(see('_acme-challenge.alias.pair.test', short));
    expect(failure.message).toMatch(/2 of 2 servers .*ns1\.pair\.test/);
  });

  test('at the resolvers, when they are to be asked', async () => {
    const propagation = { check: 'resolvers', timeoutMs: 300 } as const;
    await see('one.pair.test', { propagation });
    const failure = await failureOf(
      see('one.pair.test', { resolvers: [first.server, `${secondAddress}:${first.port}`], propagation }),
    );
    expect(failure.message).toMatch(/1 of 2 servers do not show it \(127\.0\.0\.2:[0-9]+: no such name/);
  });

  test('nowhere, when it is not to be checked, but after the delay', async () => {
    const started = performance.now();
    await see('nothing.pair.test', { propagation: { check: 'off', delayMs: 200 } });
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  test('a resolver that cannot help', async () => {
    const failure = await failureOf(see('a.unknown.invalid', short));
    expect(failure).toMatchObject({ code: 'dns_lookup_failed', retry: true });
    expect(failure.message).toMatch(/looking for the name servers of a\.unknown\.invalid failed: REFUSED/);
  });

  test('the wait ends with the order', async () => {
    const started = performance.now();
    const failure = await failureOf(see('one.pair.test', {}, after(200)));
    expect(performance.now() - started).toBeLessThan(3000);
    expect(failure.message).toMatch(/and the wait was ended$/);
  });
});

describe.skipIf(!hasComponent('named'))('a challenge', () => {
  test('of a name and its wildcard at once: both values stand, then none', async () => {
    const dns = new Dns01(settings(), { pace: pace() });
    const withdraw = await Promise.all([
      dns.publish('delegated.example.test', 'apex', noEnd),
      dns.publish('*.delegated.example.test', 'wildcard', noEnd),
    ]);
    const name = '_acme-challenge.target.elsewhere.test';
    expect(await first.txt(name)).toEqual(['apex', 'wildcard']);
    await withdraw[0]();
    expect(await first.txt(name)).toEqual(['wildcard']);
    await withdraw[1]();
    expect(await first.txt(name)).toEqual([]);
  });

  test('goes to the name that is written, without a lookup', async () => {
    const dns = new Dns01(settings({ challengeName: 'fixed.elsewhere.test' }), { pace: pace() });
    const withdraw = await dns.publish('anything.example.invalid', 'v', noEnd);
    expect(await first.txt('fixed.elsewhere.test')).toEqual(['v']);
    await withdraw();
    await withdraw();
    expect(await first.txt('fixed.elsewhere.test')).toEqual([]);
  });

  test('that cannot be seen is taken away again', async () => {
    const dns = new Dns01(settings({ propagation: { timeoutMs: 300 } }), { pace: pace() });
    const failure = await failureOf(dns.publish('a.pair.test', 'v', noEnd));
    expect(failure.code).toBe('dns_not_visible');
    expect(await first.txt('_acme-challenge.a.pair.test')).toEqual([]);
  });
});

describe('records of a challenge', () => {
  const quiet = (): DnsConfig => ({
    provider: { name: 'exec', command: ['false'] },
    timeoutMs: 5000,
    challengeName: 'c.test',
    resolvers: [],
    propagation: { check: 'off', delayMs: 0, timeoutMs: 1000 },
  });

  test('the provider has one call for a name at a time', async () => {
    const provider = new Memory();
    const dns = new Dns01(quiet(), { provider });
    const withdraw = await Promise.all(['a', 'b', 'c'].map((value) => dns.publish('x.test', value, noEnd)));
    await Promise.all(withdraw.map((each) => each()));
    expect(provider.most).toBe(1);
    expect(provider.records).toEqual([]);
  });

  test('a value that two orders need stays until both are done', async () => {
    const provider = new Memory();
    const dns = new Dns01(quiet(), { provider });
    const one = await dns.publish('x.test', 'same', noEnd);
    const two = await dns.publish('*.x.test', 'same', noEnd);
    await one();
    await one();
    expect(provider.calls.filter((call) => call.startsWith('cleanup'))).toEqual([]);
    await two();
    expect(provider.calls.filter((call) => call.startsWith('cleanup'))).toEqual(['cleanup c.test same']);
  });

  test('a cleanup that failed can be tried again', async () => {
    const provider = new Memory();
    const withdraw = await new Dns01(quiet(), { provider }).publish('x.test', 'v', noEnd);
    provider.failing = ['cleanup'];
    expect((await failureOf(withdraw())).message).toBe('cleanup c.test v failed');
    await withdraw();
    expect(provider.records).toEqual([]);
  });

  test('a failure is followed by a cleanup, for the record may be there all the same', async () => {
    const provider = new Memory();
    provider.failing = ['present'];
    const failure = await failureOf(new Dns01(quiet(), { provider }).publish('x.test', 'v', noEnd));
    expect(failure.message).toBe('present c.test v failed');
    expect(provider.calls).toEqual(['present c.test v', 'cleanup c.test v']);
  });

  test('when that fails too, both are told', async () => {
    const provider = new Memory();
    provider.failing = ['present', 'cleanup'];
    const failure = await failureOf(new Dns01(quiet(), { provider }).publish('x.test', 'v', noEnd));
    expect(failure.message).toBe('present c.test v failed; and the record may still be there: cleanup c.test v failed');
    expect(failure.code).toBe('dns_provider_failed');
  });

  test('an order that ends takes its record along, though its signal is aborted', async () => {
    const provider = new Memory();
    const config = quiet();
    const dns = new Dns01({ ...config, propagation: { ...config.propagation, delayMs: 5000 } }, { provider });
    const failure = await failureOf(dns.publish('x.test', 'v', after(50)));
    expect(failure.message).toMatch(/was ended/);
    expect(provider.records).toEqual([]);
  });

  test('a provider that hangs is stopped by its own deadline', async () => {
    const hanging: DnsProvider = {
      present: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () =>
            reject(new GatehouseError('dns_provider_failed', 'upstream', 'stopped')),
          );
        }),
      cleanup: async () => undefined,
    };
    const dns = new Dns01({ ...quiet(), timeoutMs: 100 }, { provider: hanging });
    expect((await failureOf(dns.publish('x.test', 'v', noEnd))).message).toBe('stopped');
  });
});
