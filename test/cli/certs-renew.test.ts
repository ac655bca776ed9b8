// What an operator sees of ordered certificates, and how he has them renewed.
import { expect, test } from 'vitest';
import { type Ca, startCa } from '../support/acme/ca.ts';
import { freePorts, type Installation, install } from '../support/acme/operated.ts';

const SITES =
  '{ a.example.com: { to: "http://127.0.0.1:1", waf: { mode: off } }, b.example.com: { to: "http://127.0.0.1:1", waf: { mode: off } } }';

async function installed(): Promise<{ ca: Ca; world: Installation }> {
  const ports = await freePorts();
  const ca = await startCa({ ...ports, renewalInfo: false });
  return { ca, world: await install({ directory: ca.directory, rootPem: ca.trustedRoot }, { ports, sites: SITES }) };
}

test('one name, or all, are ordered anew at once', async () => {
  const { ca, world } = await installed();
  await using _ = ca;
  await world.start();
  await world.untilListed('ready');
  expect(ca.certificates).toHaveLength(2);
  const one = await world.gatehouse('certs', 'renew', 'A.example.com');
  expect(one).toMatchObject({ code: 0, stderr: '' });
  expect(one.stdout).toMatch(
    /^renewed {2}a\.example\.com {2}until .* \(89 days\); renewal at .*; from 127\.0\.0\.1:\d+\n$/,
  );
  expect(ca.certificates).toHaveLength(3);
  const all = await world.gatehouse('certs', 'renew', '--all', '--json');
  expect(all.code).toBe(0);
  expect(JSON.parse(all.stdout)).toMatchObject({
    ok: true,
    certificates: [
      { name: 'a.example.com', state: 'ready', isRenewed: true },
      { name: 'b.example.com', state: 'ready', isRenewed: true },
    ],
  });
  expect(ca.certificates).toHaveLength(5);
});

test('a failure is loud everywhere: renew, status, list and metrics', async () => {
  const { ca, world } = await installed();
  await using _ = ca;
  await world.start();
  await world.untilListed('ready');
  ca.settings.blocked = ['b.example.com'];
  const renewed = await world.gatehouse('certs', 'renew', '--all');
  expect(renewed.code).toBe(1);
  expect(renewed.stdout).toMatch(/^renewed {2}a\.example\.com/m);
  const loud = /FAILING {2}b\.example\.com could not be ordered \(at 20.*Z\): .*does not issue for this name/;
  expect(renewed.stdout).toMatch(loud);
  for (const command of [['status'], ['certs', 'list']]) {
    const { code, stdout } = await world.gatehouse(...command);
    expect(code).toBe(0);
    expect(stdout).toMatch(loud);
    expect(stdout).toMatch(/next try at 20\d\d-/);
  }
  const json = JSON.parse((await world.gatehouse('status', '--json')).stdout) as object;
  expect(json).toMatchObject({
    managed: [
      { name: 'a.example.com', state: 'ready', issuedBy: ca.directory },
      { name: 'b.example.com', state: 'failing', failure: { kind: 'refused', count: 1 } },
    ],
  });
  const metrics = await (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text();
  const id = `127.0.0.1-${new URL(ca.directory).port}-directory`;
  expect(metrics.split('\n')).toEqual(
    expect.arrayContaining([
      'gatehouse_certificate_failing{name="a.example.com"} 0',
      'gatehouse_certificate_failing{name="b.example.com"} 1',
      'gatehouse_certificates_managed{state="failing"} 1',
      `gatehouse_certificate_orders_total{authority="${id}",result="issued",kind=""} 3`,
      `gatehouse_certificate_orders_total{authority="${id}",result="failed",kind="refused"} 1`,
      'gatehouse_certificate_challenges_total{type="tls-alpn-01"} 3',
    ]),
  );
  expect(metrics).toMatch(/certificate_next_try_timestamp_seconds\{name="b\.example\.com"\} 1\d{9}/);
});

test('without a running gateway the storage is listed, and renewal is refused with 1', async () => {
  const { ca, world } = await installed();
  await using _ = ca;
  const running = await world.start();
  await world.untilListed('ready');
  running.child.kill('SIGTERM');
  await running.ended;
  const { code, stderr } = await world.gatehouse('certs', 'renew', '--all');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /no gateway answers on .*admin\.sock \(there is no such socket\).*It starts with `gatehouse run`/,
  );
  const list = await world.gatehouse('certs', 'list');
  expect(list.stderr).toContain('No gateway runs');
  expect(list.stdout).toMatch(/^a\.example\.com {2}until .*\nb\.example\.com {2}until /);
});

test.for([{ args: [] }, { args: ['a.example.com', '--all'] }, { args: ['other.example.com'] }])(
  'renew $args is a wrong call, with 2',
  async ({ args }) => {
    const { ca, world } = await installed();
    await using _ = ca;
    await world.start();
    expect((await world.gatehouse('certs', 'renew', ...args)).code).toBe(2);
  },
);

test('check says what would be ordered, from whom and how, and what stands in the way', async () => {
  const { ca, world } = await installed();
  await using _ = ca;
  const { code, stdout } = await world.gatehouse('check');
  expect(code).toBe(0);
  const { host } = new URL(ca.directory);
  expect(stdout).toContain(`order    a.example.com\n         from ${host}, by tls-alpn-01, then http-01`);
  expect(ca.requests).toEqual([]);
});
