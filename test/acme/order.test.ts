// One order against a CA that is asked to misbehave at each step.
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Fault } from '../support/acme/faults.ts';
import { fault } from '../support/acme/faults.ts';
import { issuerOf, keep, keeping, quickCa, soon } from '../support/acme/keeping.ts';
import type { Endpoint } from '../support/acme/observed.ts';
import { LETS_ENCRYPT_PROFILES } from '../support/acme/settings.ts';

const NAME = 'a.example.com';
const STEPS: Endpoint[] = [
  'newNonce',
  'newAccount',
  'newOrder',
  'order',
  'authz',
  'challenge',
  'finalize',
  'certificate',
];

test('an order takes few requests, and no nonce is used twice', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, [NAME]);
  const { names, keyType, chainPem } = await kept.certificate(NAME);
  expect({ names, keyType }).toEqual({ names: [NAME], keyType: 'ecdsa' });
  expect(chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(ca.requests.filter(({ problem }) => problem !== undefined)).toEqual([]);
  await soon(() => ca.requestsTo('renewalInfo').length > 0 || undefined);
  expect(ca.requestsTo('directory')).toHaveLength(1);
  expect(ca.requestsTo('newNonce')).toHaveLength(1);
  expect(ca.requests.length).toBeLessThan(14);
});

test('the key is on P-256 and another one with each certificate', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, [NAME]);
  const first = await kept.certificate(NAME);
  const [status] = await kept.keeper.renew(NAME);
  const second = await kept.certificate(NAME);
  expect(status?.failure).toBeUndefined();
  expect(second.serial).not.toBe(first.serial);
  const keys = [first, second].map(({ chainPem }) => new X509Certificate(chainPem).publicKey);
  expect(keys.map((key) => key.asymmetricKeyDetails)).toEqual([
    { namedCurve: 'prime256v1' },
    { namedCurve: 'prime256v1' },
  ]);
  expect(keys[0]?.equals(keys[1] as never)).toBe(false);
  expect(ca.accounts).toHaveLength(1);
});

test('a connection that is cut before and after any step costs nothing but a moment', { timeout: 60_000 }, () =>
  forEach(STEPS, async (step) => {
    const ca = await quickCa({ processingPolls: 1 });
    ca.faults.next(step, fault.reset('before'));
    const after = ca.faults.next(step, fault.reset('after'), { after: 1 });
    const kept = await keep(ca, [NAME]);
    await kept.certificate(NAME);
    expect(ca.accounts).toHaveLength(1);
    expect(ca.certificates).toHaveLength(1);
    // An order whose URL was never heard is lost; every other goes on.
    expect(ca.orders.length).toBeLessThanOrEqual(step === 'newOrder' && after.count > 0 ? 2 : 1);
  }),
);

const PASSING: readonly [string, Fault][] = [
  ['a 500 without words', fault.html(500)],
  ['a 503 that says when', fault.html(503, 1)],
  ['a problem of the CA itself', fault.problem('serverInternal', { status: 500 })],
  ['a nonce that is refused', fault.badNonce()],
  ['half an answer', fault.truncate()],
  ['an empty answer', fault.answer(200, {}, '')],
  ['JSON of another kind', fault.answer(200, { 'content-type': 'application/json' }, '[1,null,{"status":7}]')],
  ['a redirect to another host', fault.redirect('http://127.0.0.1:1/elsewhere')],
  ['an endless answer', fault.answer(200, {}, 'x'.repeat(3 * 1024 * 1024))],
];

test('what makes no sense passes, at any step', { timeout: 60_000 }, () =>
  forEach(
    PASSING.flatMap(([what, one]) => STEPS.map((step) => [step, what, one] as const)),
    async ([step, , one]) => {
      if (one.kind === 'badNonce' && step === 'newNonce') return;
      const ca = await quickCa();
      ca.faults.next(step, one);
      const kept = await keep(ca, [NAME]);
      await kept.certificate(NAME);
      expect(ca.accounts).toHaveLength(1);
      expect(ca.certificates).toHaveLength(1);
    },
  ),
);

test('a call that hangs has a deadline', async () => {
  const ca = await quickCa();
  const hang = ca.faults.next('finalize', fault.hang());
  const kept = await keep(ca, [NAME], { timeoutMs: 300 });
  await kept.certificate(NAME);
  expect(hang.count).toBe(1);
  expect(kept.told.some(({ message }) => message.includes('no answer within 300 ms'))).toBe(true);
});

test.for([
  ['seconds', 1],
  ['a date', 'date'],
] as const)('Retry-After in %s is waited for', async ([, form]) => {
  const ca = await quickCa({ processingPolls: 1 });
  const retryAfter = form === 'date' ? new Date(Date.now() + 2000) : form;
  ca.settings.retryAfter.order = retryAfter;
  const kept = await keep(ca, [NAME]);
  await kept.certificate(NAME);
  const polls = ca.requestsTo('order').map(({ at }) => at.getTime());
  const finalized = ca.requestsTo('finalize')[0]?.at.getTime() ?? 0;
  const due = retryAfter instanceof Date ? Math.floor(retryAfter.getTime() / 1000) * 1000 : finalized + 900;
  expect(polls.filter((at) => at > finalized).at(-1)).toBeGreaterThanOrEqual(due);
});

test('what the CA says is kept and shown, with the time of the next try', async () => {
  const ca = await quickCa();
  ca.faults.next('newOrder', fault.problem('rateLimited', { detail: 'too \u001b[31mmany\u202e\n', retryAfter: 3600 }));
  const kept = await keep(ca, [NAME]);
  const failure = await kept.failure(NAME);
  expect(failure).toMatchObject({ kind: 'limit', count: 1 });
  expect(failure.message).toContain('too  [31mmany');
  expect(failure.message).not.toMatch(/\p{Cc}|\u202e/u);
  const waitMs = Date.parse(failure.nextTry) - Date.parse(failure.at);
  expect(waitMs).toBeGreaterThanOrEqual(3_600_000);
  expect(waitMs).toBeLessThan(3_600_000 * 1.2);
  await soon(() => kept.told.find(({ message }) => message.includes(`Next try at ${failure.nextTry}`)));
});

test('a limit that says when it ends is asked again then', async () => {
  const ca = await quickCa();
  ca.faults.next('newOrder', fault.problem('rateLimited', { retryAfter: 1 }));
  const kept = await keep(ca, [NAME]);
  await kept.certificate(NAME);
});

test.for(['garbage', 'empty', 'leafOnly', 'otherKey', 'otherNames', 'expired', 'future'] as const)(
  'a certificate that is %s is never served nor stored',
  async (what) => {
    const ca = await quickCa();
    const kept = await keep(ca, [NAME]);
    const good = await kept.certificate(NAME);
    ca.faults.next('certificate', fault.certificate(what));
    const [status] = await kept.keeper.renew(NAME);
    expect(status?.failure?.message).toMatch(/cannot be served|something else than a certificate/);
    expect(kept.keeper.find(NAME)).toBe(good);
    const pem = await readFile(path.join(kept.folder, 'certificates', `${NAME}.pem`), 'utf8');
    expect(pem).toContain(good.chainPem.trim());
  },
);

test('a chain in the wrong order is put right', async () => {
  const ca = await quickCa();
  ca.faults.next('certificate', fault.certificate('reversed'));
  const kept = await keep(ca, [NAME]);
  const { chainPem } = await kept.certificate(NAME);
  expect(chainPem).toBe(ca.certificates[0]?.chains[0]?.replaceAll('\n\n', '\n'));
});

test('an external account, a contact and a preferred chain', async () => {
  const ca = await quickCa({ eab: { 'kid-1': Buffer.from('secret').toString('base64url') }, alternateRoots: 1 });
  const eab = { keyId: 'kid-1', hmac: Buffer.from('secret').toString('base64url') };
  const issuer = issuerOf(ca, { eab, email: 'ops@example.com', preferredChain: 'Test Root 1' });
  const kept = await keeping([issuer]);
  kept.keeper.start([NAME]);
  const { chainPem } = await kept.certificate(NAME);
  expect(ca.accounts[0]).toMatchObject({ eabKid: 'kid-1', contact: ['mailto:ops@example.com'] });
  const last = chainPem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g)?.at(-1) ?? '';
  expect(new X509Certificate(last).issuer).toBe('CN=Test Root 1');
});

test('a wrong external account is told as one', async () => {
  const ca = await quickCa({ eab: { other: 'c2VjcmV0' } });
  const kept = await keeping([issuerOf(ca, { eab: { keyId: 'kid-1', hmac: 'c2VjcmV0' } })]);
  kept.keeper.start([NAME]);
  const { message, kind } = await kept.failure(NAME);
  expect(kind).toBe('refused');
  expect(message).toContain('certificates.acme.eab');
  expect(ca.requestsTo('newAccount')).toHaveLength(1);
});

test('a profile is asked for, and one that is not offered is left out with a word', async () => {
  const ca = await quickCa({ profiles: LETS_ENCRYPT_PROFILES });
  const kept = await keeping([issuerOf(ca, { profile: 'tlsserver' })]);
  kept.keeper.start([NAME]);
  await kept.certificate(NAME);
  expect(ca.orders[0]?.profile).toBe('tlsserver');
  const other = await keeping([issuerOf(ca, { profile: 'gold' })]);
  other.keeper.start([NAME]);
  await other.certificate(NAME);
  expect(other.told[0]?.message).toContain('does not offer the profile gold');
});

test.for(['203.0.113.7', '2001:db9::7'])(
  'a certificate for %s is of the profile that has addresses',
  async (address) => {
    const ca = await quickCa({ profiles: LETS_ENCRYPT_PROFILES });
    const kept = await keeping([issuerOf(ca, { profile: 'tlsserver' })]);
    kept.keeper.start([address]);
    expect((await kept.certificate(address)).names).toEqual([address]);
    expect(ca.orders[0]?.profile).toBe('shortlived');
  },
);

test('an account that the CA has forgotten is made anew, once', async () => {
  const ca = await quickCa();
  const kept = await keep(ca, ['a.example.com', 'b.example.com', 'c.example.com']);
  for (const name of ['a', 'b', 'c']) await kept.certificate(`${name}.example.com`);
  (ca.accounts as unknown[]).length = 0;
  const statuses = await kept.keeper.renew();
  expect(statuses.map(({ failure }) => failure?.message)).toEqual([undefined, undefined, undefined]);
  expect(ca.accounts).toHaveLength(1);
});

test('a damaged account key is set aside, and another account is made', async () => {
  const ca = await quickCa();
  const first = await keep(ca, [NAME]);
  await first.certificate(NAME);
  await first.keeper.stop();
  const [authority = ''] = await readdir(path.join(first.folder, 'acme'));
  await writeFile(path.join(first.folder, 'acme', authority, 'account.key'), 'no key');
  const second = await keep(ca, ['b.example.com'], { folder: first.folder });
  await second.certificate('b.example.com');
  expect(ca.accounts).toHaveLength(2);
  expect((await readdir(path.join(first.folder, 'acme', authority))).some((file) => file.includes('damaged'))).toBe(
    true,
  );
});

/** At the same time; says of which one failed. */
async function forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(act));
  const failed = outcomes.flatMap((one, at) =>
    one.status === 'rejected' ? [`${String(items[at])}: ${String(one.reason)}`] : [],
  );
  expect(failed).toEqual([]);
}
