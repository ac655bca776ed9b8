// What is kept, when it is renewed, and what happens when the world does not play along.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { fault } from '../support/acme/faults.ts';
import { issuerOf, keep, keeping, newFolder, quickCa, soon } from '../support/acme/keeping.ts';

const NAME = 'a.example.com';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('a certificate is renewed on advice, and says what it replaces', async () => {
  const explanationUrl = 'https://ca.example.com/why';
  const ca = await quickCa({ renewalFor: () => ({ start: new Date(0), end: new Date(1), explanationUrl }) });
  const kept = await keep(ca, [NAME]);
  const [first, second] = await ca.waitFor(() => ca.certificates.length >= 2 && ca.certificates);
  expect(second?.order.replaces).toBe(first?.certId);
  await soon(() => kept.told.find(({ message }) => message.startsWith('the authority advises')));
  expect(first?.certId).toMatch(/^[\w-]+\.A[A-P]/);
});

test('an authority that advises to renew what it has just issued is not obeyed for ever', async () => {
  const ca = await quickCa({ renewalFor: () => ({ start: new Date(0), end: new Date(1) }) });
  const kept = await keep(ca, [NAME]);
  await ca.waitFor(() => ca.certificates.length >= 2);
  await soon(() => (kept.status(NAME)?.isAdvised === true && kept.status(NAME)?.state === 'ready' ? true : undefined));
  expect(ca.certificates).toHaveLength(2);
  expect(Date.parse(kept.status(NAME)?.renewAt ?? '')).toBeGreaterThan(Date.now() + 50_000);
});

test('advice that comes to nothing leaves the plan as it is: a third of the life, or half of a short one', async () => {
  for (const [days, share] of [
    [90, 1 / 3],
    [6, 1 / 2],
  ] as const) {
    const ca = await quickCa({ lifeSeconds: days * 86_400 });
    const refused = ca.faults.always('renewalInfo', fault.html(404));
    const kept = await keep(ca, [NAME]);
    const { notAfter, notBefore } = await kept.certificate(NAME);
    await soon(() => refused.count > 0 || undefined);
    const lifeMs = notAfter.getTime() - notBefore.getTime();
    expect(Date.parse(kept.status(NAME)?.renewAt ?? '')).toBe(notAfter.getTime() - lifeMs * share);
    expect(kept.status(NAME)?.failure).toBeUndefined();
  }
});

test('advice is not trusted beyond a twentieth of the life', async () => {
  const ca = await quickCa({ renewalFor: (_, end) => ({ start: end, end: new Date(end.getTime() + DAY_MS) }) });
  const kept = await keep(ca, [NAME]);
  const { notAfter } = await kept.certificate(NAME);
  const at = await soon(() =>
    kept.status(NAME)?.isAdvised ? Date.parse(kept.status(NAME)?.renewAt ?? '') : undefined,
  );
  expect(notAfter.getTime() - at).toBe((90 * DAY_MS) / 20);
});

test('a refused `replaces` is left out', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, [NAME]);
  await kept.certificate(NAME);
  ca.faults.next('newOrder', fault.problem('alreadyReplaced', { status: 409 }));
  const [status] = await kept.keeper.renew(NAME);
  expect(status?.failure).toBeUndefined();
  expect(ca.orders.map(({ replaces }) => replaces)).toEqual([undefined, undefined]);
});

test('while the authority is down the old certificate stays, and afterwards all is well', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, [NAME]);
  const first = await kept.certificate(NAME);
  await ca.down();
  const [status] = await kept.keeper.renew(NAME);
  expect(status).toMatchObject({ state: 'failing', failure: { kind: 'unreachable' } });
  expect(status?.failure?.message).toContain('the connection was refused');
  expect(kept.keeper.find(NAME)).toBe(first);
  await ca.up();
  await kept.keeper.renew(NAME);
  expect(kept.keeper.find(NAME)?.serial).not.toBe(first.serial);
});

test('who waits in vain hears of it louder and louder', async () => {
  const ca = await quickCa({ renewalInfo: false });
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const folder = await newFolder();
  const first = await keep(ca, [NAME], { folder, now });
  await first.certificate(NAME);
  await first.keeper.stop();
  await ca.down();
  const heard: string[][] = [];
  for (const days of [68, 85, 91]) {
    aheadMs = days * DAY_MS;
    const kept = await keep(ca, [NAME], { folder, now });
    await kept.failure(NAME);
    await soon(() => (kept.told.some(({ message }) => message.includes('could not be renewed')) ? true : undefined));
    expect(kept.keeper.find(NAME)).toBeDefined();
    heard.push(kept.told.filter(({ message }) => message.includes('could not be renewed')).map(({ level }) => level));
    await kept.keeper.stop();
  }
  expect(heard).toEqual([['warn'], ['error'], ['error']]);
});

test('the next authority is asked when the first one fails', async () => {
  const [first, second] = [await quickCa(), await quickCa()];
  first.faults.always('newOrder', fault.problem('rejectedIdentifier'));
  const kept = await keeping([issuerOf(first), issuerOf(second)]);
  kept.keeper.start([NAME]);
  await kept.certificate(NAME);
  expect(kept.status(NAME)).toMatchObject({ state: 'ready', issuedBy: second.directory });
  expect([first.certificates.length, second.certificates.length]).toEqual([0, 1]);
});

test('no more than sixteen orders are under way at once, and one that hangs delays no other', {
  timeout: 60_000,
}, async () => {
  const ca = await quickCa();
  const names = Array.from({ length: 60 }, (_, i) => `h${i}.example.com`);
  let [open, most] = [0, 0];
  const hung = ca.faults.next('finalize', fault.hang(), { times: 3 });
  ca.settings.issuanceProblem = () => {
    open = ca.orders.filter(({ status }) => status === 'pending' || status === 'ready').length;
    most = Math.max(most, open);
    return undefined;
  };
  const kept = await keep(ca, names);
  await ca.waitFor(() => ca.certificates.length >= 57, 30_000);
  expect(hung.count).toBe(3);
  expect(most).toBeLessThanOrEqual(16);
  expect(kept.keeper.status().filter(({ state }) => state === 'ready').length).toBeGreaterThanOrEqual(50);
});

test('an authority that is broken is asked a bounded number of times, whatever the number of names', async () => {
  const ca = await quickCa();
  ca.faults.always('newOrder', fault.html(500));
  const names = Array.from({ length: 300 }, (_, i) => `h${i}.example.com`);
  await keep(ca, names);
  await ca.waitFor(() => ca.requestsTo('newOrder').length > 0);
  await delay(4000);
  // Waves of sixteen, at 0, 1 and 3 seconds.
  expect(ca.requestsTo('newOrder').length).toBeLessThanOrEqual(64);
});

test('to stop takes a moment, whatever is under way, and the order goes on after the next start', async () => {
  const ca = await quickCa({ processingPolls: 1000, retryAfter: { order: 30 } });
  const folder = await newFolder();
  const first = await keep(ca, [NAME, 'b.example.com'], { folder });
  ca.faults.next('finalize', fault.hang());
  await ca.waitFor(() => ca.requestsTo('finalize').length >= 2 && ca.requestsTo('order').length >= 2);
  const before = performance.now();
  await first.keeper.stop();
  expect(performance.now() - before).toBeLessThan(3000);
  ca.settings.processingPolls = 0;
  ca.settings.retryAfter = {};
  for (const order of ca.orders) order.pollsLeft = 0;
  const second = await keep(ca, [NAME, 'b.example.com'], { folder });
  await second.certificate(NAME);
  await second.certificate('b.example.com');
  expect([ca.accounts.length, ca.orders.length, ca.certificates.length]).toEqual([1, 2, 2]);
});

test('a reload takes names up and leaves others', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, [NAME, 'b.example.com']);
  await kept.certificate(NAME);
  await kept.certificate('b.example.com');
  kept.keeper.start(['b.example.com', 'c.example.com']);
  await kept.certificate('c.example.com');
  expect(
    kept.keeper
      .status()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['b.example.com', 'c.example.com']);
  expect(kept.keeper.find(NAME)).toBeUndefined();
  expect(ca.certificates).toHaveLength(3);
});

test('a name that is taken out of the configuration while it is ordered is left alone', async () => {
  const ca = await quickCa({ validationDelayMs: 60_000 });
  const kept = await keep(ca, [NAME]);
  await ca.waitFor(() => ca.requestsTo('authz').length >= 2);
  kept.keeper.start([]);
  await soon(() => kept.keeper.status().length === 0 || undefined);
  const count = ca.requests.length;
  kept.keeper.start(['b.example.com']);
  await ca.waitFor(() => ca.requests.length > count + 2);
  expect(ca.requests.slice(count + 1).every(({ endpoint }) => endpoint !== 'finalize')).toBe(true);
  expect(kept.told).toEqual([]);
});

test('a wildcard that takes over leaves the old certificate in service until its own is there', async () => {
  const txt: string[] = [];
  const ca = await quickCa({ validates: false, txt: () => txt });
  const folder = await newFolder();
  const first = await keep(ca, [NAME], { folder });
  const { serial } = await first.certificate(NAME);
  const dns = {
    provider: { name: 'exec', command: ['false'] },
    timeoutMs: 1000,
    challengeName: undefined,
    resolvers: [],
    propagation: { check: 'off', delayMs: 0, timeoutMs: 1000 },
  } as const;
  const wide = { challenges: ['dns-01'], dns } as never as object;
  await first.keeper.stop();
  const second = await keep(ca, [NAME, '*.example.com'], { folder, ...wide });
  await second.failure('*.example.com');
  expect(second.keeper.find(NAME)?.serial).toBe(serial);
  expect(second.keeper.status()).toHaveLength(1);
});

test('failures survive a restart, and other settings or another clock end the wait', async () => {
  const ca = await quickCa();
  ca.faults.always('newOrder', fault.problem('rejectedIdentifier'));
  const folder = await newFolder();
  const first = await keep(ca, [NAME], { folder });
  const { nextTry } = await first.failure(NAME);
  await first.keeper.stop();
  const tried = ca.requestsTo('newOrder').length;
  const second = await keep(ca, [NAME], { folder });
  expect(second.status(NAME)?.failure?.nextTry).toBe(nextTry);
  await second.keeper.stop();
  expect(ca.requestsTo('newOrder')).toHaveLength(tried);
  const third = await keep(ca, [NAME], { folder, challenges: ['http-01'] });
  await ca.waitFor(() => ca.requestsTo('newOrder').length === tried + 1);
  await third.keeper.stop();
  const fourth = await keep(ca, [NAME], { folder, challenges: ['http-01'], now: () => Date.now() - 400 * DAY_MS });
  await ca.waitFor(() => ca.requestsTo('newOrder').length === tried + 2);
  await fourth.keeper.stop();
  ca.faults.clear();
  const fifth = await keep(ca, [NAME], { folder, challenges: ['http-01'], now: () => Date.now() + HOUR_MS });
  await fifth.certificate(NAME);
});

test('a clock that jumps is told, and what is due by it is done', async () => {
  const ca = await quickCa({ renewalInfo: false });
  let aheadMs = 0;
  const kept = await keep(ca, [NAME], { now: () => Date.now() + aheadMs });
  await kept.certificate(NAME);
  aheadMs = 61 * DAY_MS;
  ca.settings.now = () => Date.now() + aheadMs;
  // Any change wakes the plan; by itself it is looked at twice a minute.
  kept.keeper.start([NAME]);
  await ca.waitFor(() => ca.certificates.length === 2);
  expect(kept.told.some(({ message }) => message.startsWith('the clock was set by 5270'))).toBe(true);
});

test('an operator who renews everything does so within the bound', async () => {
  const ca = await quickCa();
  const names = Array.from({ length: 25 }, (_, i) => `h${i}.example.com`);
  const kept = await keep(ca, names);
  await soon(() => kept.keeper.status().every(({ state }) => state === 'ready') || undefined);
  const statuses = await kept.keeper.renew();
  expect(statuses).toHaveLength(25);
  expect(statuses.every(({ failure }) => failure === undefined)).toBe(true);
  expect(ca.certificates).toHaveLength(50);
});

test('a thousand names keep nothing waiting: status, start and stop take a moment', async () => {
  const ca = await quickCa();
  ca.faults.always('newAccount', fault.hang());
  const names = Array.from({ length: 1000 }, (_, i) => `h${i}.example.com`);
  const before = performance.now();
  const kept = await keep(ca, names);
  expect(performance.now() - before).toBeLessThan(3000);
  await ca.waitFor(() => ca.requestsTo('newAccount').length > 0);
  expect(kept.keeper.status()).toHaveLength(1000);
  await kept.keeper.stop();
});
