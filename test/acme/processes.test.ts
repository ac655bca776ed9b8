// Several processes, one folder.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { fault } from '../support/acme/faults.ts';
import { keep, newFolder, quickCa, soon } from '../support/acme/keeping.ts';
import { newSite, runGatehouse, served } from '../support/acme/program-world.ts';

test('two processes get one certificate, and either answers the challenge', { timeout: 60_000 }, async () => {
  const one = await newSite();
  const two = await newSite(one.folder);
  // The authority looks at one of them, whichever has ordered.
  const ca = await quickCa({ validates: true, httpPort: one.httpPort, validationDelayMs: 300 });
  const names = ['a.example.com', 'b.example.com'];
  const more = ', checkEvery: 1s';
  await Promise.all([runGatehouse(one, ca, names, more), runGatehouse(two, ca, names, more)]);
  for (const site of [one, two]) for (const name of names) await served(site, name, ca.rootPem);
  expect([ca.accounts.length, ca.orders.length, ca.certificates.length]).toEqual([1, 2, 2]);
});

test('the lock of a process that was killed or stands still is taken over', { timeout: 60_000 }, async () => {
  const takeOver = async (signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> => {
    const site = await newSite();
    const ca = await quickCa();
    ca.faults.next('finalize', fault.hang());
    const { child } = await runGatehouse(site, ca, ['a.example.com']);
    await ca.waitFor(() => ca.requestsTo('finalize').length === 1);
    const dead = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL') await dead;
    const before = performance.now();
    const kept = await keep(ca, ['a.example.com'], { folder: `${site.folder}/certs` });
    await kept.certificate('a.example.com');
    // Two seconds by promise; the rest is for the order and a busy machine.
    expect(performance.now() - before).toBeLessThan(5000);
    expect([ca.accounts.length, ca.orders.length, ca.certificates.length]).toEqual([1, 1, 1]);
    child.kill('SIGKILL');
    await kept.keeper.stop();
  };
  await Promise.all([takeOver('SIGKILL'), takeOver('SIGSTOP')]);
});

test('two gateways with other names share the account', async () => {
  const ca = await quickCa();
  const folder = await newFolder();
  const [one, two] = await Promise.all([
    keep(ca, ['a.example.com', 'shared.example.com'], { folder }),
    keep(ca, ['b.example.com', 'shared.example.com'], { folder }),
  ]);
  await one.certificate('a.example.com');
  await two.certificate('b.example.com');
  await one.certificate('shared.example.com');
  await two.certificate('shared.example.com');
  expect([ca.accounts.length, ca.certificates.length]).toEqual([1, 3]);
});

test('what another process renews is taken up', async () => {
  const ca = await quickCa();
  const folder = await newFolder();
  const one = await keep(ca, ['a.example.com'], { folder });
  await one.certificate('a.example.com');
  const two = await keep(ca, ['a.example.com'], { folder });
  await two.keeper.renew();
  await one.keeper.look();
  await soon(() => one.keeper.find('a.example.com')?.serial === two.keeper.find('a.example.com')?.serial || undefined);
  expect(one.told.some(({ message }) => message.includes('found in the storage'))).toBe(true);
});
