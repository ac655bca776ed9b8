import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BansConfig } from '../../src/config/config.ts';
import { type Ban, isRange, parseTarget, readBan, targetOf } from '../../src/limits/ban.ts';
import { type BanChange, Bans } from '../../src/limits/bans.ts';

const config: BansConfig = {
  exempt: ['192.0.2.0/24', '2001:db8:ffff::/48'],
  drop: 'answer',
  growth: 2,
  longestMs: 3_600_000,
  rememberMs: 600_000,
  max: 100,
  waf: undefined,
};

function world(changes: Partial<BansConfig> = {}) {
  const clock = { now: 1_000_000 };
  const heard: BanChange[] = [];
  const bans = new Bans({ ...config, ...changes }, () => clock.now);
  bans.use({ ...config, ...changes }, ['10.0.0.1']);
  bans.onChange = (change) => void heard.push(change);
  return { bans, clock, heard };
}

const wish = { site: 'a.test', cause: 'limit', reason: 'limit login', forMs: 60_000 } as const;
const byHand = { site: undefined, cause: 'hand', reason: 'by hand', forMs: 60_000 } as const;

describe('bans', () => {
  test('hold for their site and their time', () => {
    const { bans, clock } = world();
    bans.punish('203.0.113.9', wish);
    expect(bans.find('203.0.113.9', 'a.test')).toMatchObject({ reason: 'limit login', times: 1 });
    expect(bans.find('203.0.113.9', 'b.test')).toBeUndefined();
    expect(bans.find('203.0.113.9', undefined)).toBeUndefined();
    expect(bans.find('203.0.113.8', 'a.test')).toBeUndefined();
    clock.now += 60_000;
    expect(bans.find('203.0.113.9', 'a.test')).toBeUndefined();
  });

  test('of all sites hold for each, and for IPv6 by /64', () => {
    const { bans } = world();
    bans.punish('2001:db8:0:1::5', { ...wish, site: undefined });
    expect(bans.find('2001:DB8::1:9:9:9:9', 'a.test')?.target).toBe('2001:db8:0:1::/64');
    expect(bans.find('2001:db8:0:1::7', undefined)).toBeDefined();
    expect(bans.find('2001:db8:0:2::5', 'a.test')).toBeUndefined();
  });

  test('grow on repetition, up to the longest, and are forgiven in time', () => {
    const { bans, clock } = world();
    const minutes = (): number => {
      bans.punish('203.0.113.9', wish);
      const ban = bans.find('203.0.113.9', 'a.test') as Ban;
      const length = (ban.until - clock.now) / 60_000;
      clock.now = ban.until + 1;
      return length;
    };
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(minutes)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    clock.now += config.rememberMs;
    expect(minutes()).toBe(1);
  });

  test('one that runs is neither made longer nor counted again by what its requests still do', () => {
    const { bans, heard } = world();
    for (let i = 0; i < 5; i++) bans.punish('203.0.113.9', wish);
    expect(bans.list()).toMatchObject([{ times: 1 }]);
    expect(heard).toHaveLength(1);
  });

  test('by hand last as long as said, and may be lifted', () => {
    const { bans, clock } = world();
    bans.add({ ...byHand, target: '203.0.113.9', forMs: 7 * config.longestMs });
    expect(bans.find('203.0.113.9', 'a.test')?.until).toBe(clock.now + 7 * config.longestMs);
    expect(bans.remove({ target: '203.0.113.9', site: 'a.test' })).toBe(false);
    expect(bans.remove({ target: '203.0.113.9', site: undefined })).toBe(true);
    expect(bans.find('203.0.113.9', 'a.test')).toBeUndefined();
  });

  test('never hold for who is exempt, whatever the ban', () => {
    const { bans } = world();
    for (const client of ['192.0.2.7', '10.0.0.1', '2001:db8:ffff::1']) {
      bans.punish(client, { ...wish, site: undefined });
      expect(bans.list()).toEqual([]);
    }
    bans.add({ ...byHand, target: '192.0.0.0/8' });
    bans.add({ ...byHand, target: '2001:db8::/32' });
    expect(bans.find('192.0.3.7', 'a.test')).toBeDefined();
    expect(bans.find('192.0.2.7', 'a.test')).toBeUndefined();
    expect(bans.find('2001:db8:ffff::1', 'a.test')).toBeUndefined();
    expect(bans.find('2001:db8:fffe::1', 'a.test')).toBeDefined();
  });

  test('of a range say why', () => {
    const { bans } = world();
    bans.add({ ...byHand, target: '203.0.113.0/24', reason: 'scrapers' });
    bans.punish('203.0.113.9', wish);
    expect(bans.why('203.0.113.9').map(({ reason }) => reason)).toEqual(['limit login', 'scrapers']);
    expect(bans.why('203.0.113.10').map(({ reason }) => reason)).toEqual(['scrapers']);
  });

  test('are bounded: those that end first give way', () => {
    const { bans } = world();
    bans.add({ ...byHand, target: '198.51.100.1', forMs: 1e9 });
    for (let i = 0; i < 5000; i++) bans.punish(`10.1.${i >> 8}.${i & 255}`, { ...wish, forMs: 60_000 + i });
    expect(bans.size).toBeLessThanOrEqual(100);
    expect(bans.find('198.51.100.1', 'a.test')).toBeDefined();
    expect(bans.find(`10.1.${4999 >> 8}.${4999 & 255}`, 'a.test')).toBeDefined();
  });
});

test.for([
  ['203.0.113.9', '203.0.113.9', false],
  ['203.0.113.9/32', '203.0.113.9', false],
  ['203.0.113.0/24', '203.0.113.0/24', true],
  ['::ffff:203.0.113.9', '203.0.113.9', false],
  ['2001:DB8::1', '2001:db8:0:0::/64', false],
  ['2001:db8::1/128', '2001:db8:0:0::/64', false],
  ['2001:db8::/64', '2001:db8:0:0::/64', false],
  ['2001:DB8::/32', '2001:db8::/32', true],
] as const)('%s means %s', ([written, target, range]) => {
  expect(parseTarget(written)).toEqual({ value: target });
  expect(isRange(target)).toBe(range);
});

test('the target of any address is read back as itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const parsed = parseTarget(address);
      if ('fault' in parsed) throw new Error(parsed.fault);
      expect(parseTarget(parsed.value)).toEqual(parsed);
      expect(targetOf(parsed.value.replace('/64', ''))).toBe(parsed.value);
    }),
  );
});

test('what is no ban is not read as one', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const ban = readBan(value);
      if (ban !== undefined) expect(readBan(JSON.parse(JSON.stringify(ban)))).toEqual(ban);
    }),
  );
  const good = { target: '203.0.113.9', cause: 'waf', reason: 'a\u001b[31m', since: 1, until: 2, times: 1 };
  expect(readBan(good)).toEqual({ ...good, site: undefined, reason: 'a [31m' });
  expect(readBan({ ...good, target: 'x' })).toBeUndefined();
  expect(readBan({ ...good, until: Number.NaN })).toBeUndefined();
});
