// The real process is killed (SIGKILL) at each request that the authority sees, when the authority has done what it was
// asked and nobody has heard of it; then it is started again.
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fault } from '../support/acme/faults.ts';
import { quickCa, soon } from '../support/acme/keeping.ts';
import { newSite, runGatehouse, served } from '../support/acme/program-world.ts';

const NAME = 'a.example.com';
/** Behind directory and nonce: account, order, authorization, challenge, authorization, order, finalize, certificate. */
const MOMENTS = [2, 3, 4, 5, 6, 7, 8, 9];
const AT_ONCE = 4;

test('a process that is killed at any request loses nothing and leaves no second account', {
  timeout: 120_000,
}, async () => {
  const moments = [...MOMENTS];
  const outcomes: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
      outcomes.push(await killAt(moment).catch((error: Error) => ({ moment, error: error.message })));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const wrong = outcomes.filter((one) => {
    const { step, error, accounts, orders, certificates } = one as Outcome;
    // One order whose URL nobody has heard of, or one whose validation found nobody at home.
    const mostOrders = ['newOrder', 'challenge', 'authz'].includes(step ?? '') ? 2 : 1;
    return error !== undefined || accounts !== 1 || certificates !== 1 || orders > mostOrders;
  });
  expect(wrong).toEqual([]);
  expect(outcomes).toHaveLength(MOMENTS.length);
});

interface Outcome {
  readonly moment: number;
  readonly step?: string | undefined;
  readonly error?: string;
  readonly accounts: number;
  readonly orders: number;
  readonly certificates: number;
}

async function killAt(moment: number): Promise<Outcome> {
  const site = await newSite();
  const ca = await quickCa({ validates: true, httpPort: site.httpPort, tlsPort: site.tlsPort });
  ca.faults.next('*', fault.slow(60_000), { after: moment });
  const first = await runGatehouse(site, ca, [NAME]);
  await ca.waitFor(() => ca.requests.length > moment, 30_000);
  const request = ca.requests[moment];
  // It has been worked on; its answer is held back.
  await soon(() => request?.status);
  const dead = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await dead;
  ca.faults.clear();
  await runGatehouse(site, ca, [NAME]);
  await served(site, NAME, ca.rootPem);
  await expectPrivate(path.join(site.folder, 'certs'));
  const { accounts, orders, certificates } = ca;
  return {
    moment,
    step: request?.endpoint,
    accounts: accounts.length,
    orders: orders.length,
    certificates: certificates.length,
  };
}

/** Nobody but the owner can read any of it. */
async function expectPrivate(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/acme|certificates|challenges/.test(entry.parentPath.slice(folder.length))) continue;
    const file = path.join(entry.parentPath, entry.name);
    const mode = (await stat(file).catch(() => undefined))?.mode;
    if (mode !== undefined) expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, '600']);
  }
}
