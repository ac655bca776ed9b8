// `gatehouse certs check`, against the real pebble and its DNS, beside a gateway that runs.
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { freePorts, type Installation, install } from '../support/acme/operated.ts';
import { Pebble } from '../support/acme/pebble.ts';
import type { Outcome } from '../support/cli.ts';
import { hasComponent } from '../support/components.ts';

const SITES = '{ app.example.com: { to: "http://127.0.0.1:1", waf: { mode: off } } }';

interface Diagnosis {
  readonly ok: boolean;
  readonly name: string;
  readonly findings: readonly Finding[];
}

function read({ stdout }: Outcome): Diagnosis {
  return JSON.parse(stdout) as Diagnosis;
}

/** The findings of one check, worst first. */
function found({ findings }: Diagnosis, check: string): Finding[] {
  const order = ['fail', 'warn', 'ok'];
  return findings
    .filter((finding) => finding.check === check)
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

describe.skipIf(!hasComponent('pebble'))('gatehouse certs check', { timeout: 60_000 }, () => {
  async function beside(
    ca: Pebble,
    ports: { httpPort: number; tlsPort: number },
    sites = SITES,
  ): Promise<Installation> {
    return install({ directory: ca.directory, rootPem: ca.rootsPem }, { ports, sites });
  }

  function check(world: Installation, ca: Pebble, ...args: string[]): Promise<Outcome> {
    return world.gatehouse('certs', 'check', 'app.example.com', '--resolver', ca.dns.address, ...args);
  }

  test('finds nothing wrong where nothing is, and rehearses an order', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await world.start();
    await world.untilListed('ready');
    const outcome = await check(world, ca, '--staging', ca.directory);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const lines = outcome.stdout.trim().split('\n');
    expect(lines.slice(0, -2).filter((line) => !line.startsWith('ok  '))).toEqual([]);
    expect(outcome.stdout).toMatch(/^ok +rehearsal .* by tls-alpn-01; it is thrown away$/m);
    expect(outcome.stdout).toMatch(/^ok +http-01 +the answer is seen at 127\.0\.0\.1$/m);
    expect(lines.at(-1)).toBe('app.example.com is well.');
    expect(outcome.stdout).not.toContain('PRIVATE KEY');
  });

  test('says that no gateway runs, with 1, and looks at the rest all the same', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    const outcome = await check(world, ca, '--json', '--staging', ca.directory);
    expect(outcome.code).toBe(1);
    const diagnosis = read(outcome);
    expect(diagnosis).toMatchObject({ ok: false, name: 'app.example.com' });
    expect(found(diagnosis, 'gateway')).toMatchObject([{ level: 'fail', advice: 'Start it: gatehouse run' }]);
    expect(found(diagnosis, 'authority')).toMatchObject([{ level: 'ok' }]);
    expect(found(diagnosis, 'rehearsal')).toMatchObject([{ level: 'warn' }]);
    expect(found(diagnosis, 'certificate')).toMatchObject([{ level: 'warn' }]);
  });

  test('sees that a name has no address, and that an authority cannot be reached', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await ca.dns.setDefaultIpv4('');
    await ca.down();
    const diagnosis = read(await check(world, ca, '--json'));
    expect(found(diagnosis, 'dns')).toMatchObject([
      { level: 'fail', message: 'app.example.com has no A or AAAA record' },
    ]);
    expect(found(diagnosis, 'authority')).toMatchObject([
      { level: 'fail', message: expect.stringContaining('the connection was refused') as string },
    ]);
  });

  test('sees that the name leads to another machine, and that somebody else answers there', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await world.start();
    const port = await listening((_, response) => void response.end('<h1>Welcome</h1>'));
    await ca.dns.setA('app.example.com', '192.0.2.7');
    const where = `127.0.0.1:${port},${port}`;
    const outcome = await check(world, ca, '--json', '--connect', where);
    expect(outcome.code).toBe(1);
    const diagnosis = read(outcome);
    expect(found(diagnosis, 'dns')).toMatchObject([
      { level: 'warn', message: expect.stringContaining('192.0.2.7 is not of this machine') as string },
    ]);
    expect(found(diagnosis, 'http-01')).toMatchObject([
      { level: 'fail', message: expect.stringContaining('answers 200 "<h1>Welcome</h1>"') as string },
    ]);
    expect(found(diagnosis, 'tls-alpn-01')).toMatchObject([{ level: 'fail' }]);
  });

  test('follows redirects, as authorities do', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await world.start();
    const port = await listening((request, response) => {
      const location = `http://app.example.com:${ports.httpPort}${request.url}`;
      response.writeHead(301, { location }).end();
    });
    const diagnosis = read(await check(world, ca, '--json', '--connect', `127.0.0.1:${port},${ports.tlsPort}`));
    expect(found(diagnosis, 'http-01')).toMatchObject([{ level: 'ok' }]);
  });

  test('reports what keys others may read, and a storage that cannot be written', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await world.start();
    await world.untilListed('ready');
    const file = path.join(world.folder, 'certs/certificates/app.example.com.pem');
    await chmod(file, 0o644);
    const diagnosis = read(await check(world, ca, '--json'));
    expect(found(diagnosis, 'storage')).toMatchObject([
      { level: 'fail', advice: `chmod 600 ${file}` },
      { level: 'ok' },
    ]);
    await writeFile(path.join(world.folder, 'elsewhere'), '');
    await writeFile(
      path.join(world.folder, 'other.yaml'),
      `certificates: { storage: elsewhere/certs, acme: { directory: "${ca.directory}", trustedRoots: authority.pem } }
sites: ${SITES}
`,
    );
    const unfit = read(await check(world, ca, '--json', '-c', 'other.yaml'));
    expect(unfit.ok).toBe(false);
    expect(found(unfit, 'storage')).toMatchObject([
      { level: 'fail', message: expect.stringContaining('a file stands where the folder should be') as string },
    ]);
  });

  test('rehearses by the next challenge when one fails, and says why it failed', async () => {
    const ports = await freePorts();
    const elsewhere = await freePorts();
    await using ca = await Pebble.start({ httpPort: ports.httpPort, tlsPort: elsewhere.tlsPort });
    const world = await beside(ca, ports);
    await world.start();
    await world.untilListed('ready');
    const diagnosis = read(await check(world, ca, '--json', '--staging', ca.directory));
    expect(found(diagnosis, 'rehearsal')).toMatchObject([
      { level: 'warn', message: expect.stringContaining('tls-alpn-01 failed for app.example.com') as string },
      { level: 'ok', message: expect.stringContaining('by http-01') as string },
    ]);
  });

  test('looks at the CAA records that the authority would find', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports);
    await ca.dns.addCaa('example.com', { tag: 'issue', value: 'another.example' });
    const diagnosis = read(await check(world, ca, '--json'));
    // Pebble does not say by which name it is known.
    expect(found(diagnosis, 'caa')).toMatchObject([
      { level: 'warn', message: expect.stringContaining('example.com restricts who may issue') as string },
    ]);
  });

  test.skipIf(!hasComponent('curl'))('writes and removes a TXT record where a wildcard is proved by one', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const script = `#!/bin/sh
if [ "$1" = present ]; then verb=set-txt; else verb=clear-txt; fi
curl -fsS -d "{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}" ${ca.dns.management}/$verb
`;
    const dns = `dns: { provider: exec, command: ./txt.sh, resolvers: "${ca.dns.address}", propagationCheck: resolvers }`;
    const sites = '{ "*.example.com": { to: "http://127.0.0.1:1" } }';
    const authority = { directory: ca.directory, rootPem: ca.rootsPem };
    const world = await install(authority, { ports, sites, acme: dns });
    await writeFile(path.join(world.folder, 'txt.sh'), script, { mode: 0o755 });
    await world.start();
    const args = ['--json', '--resolver', ca.dns.address, '--staging', ca.directory];
    const outcome = await world.gatehouse('certs', 'check', 'shop.example.com', ...args);
    const diagnosis = read(outcome);
    expect(found(diagnosis, 'configured')).toMatchObject([
      { level: 'ok', message: expect.stringContaining('*.example.com covers it') as string },
    ]);
    expect(found(diagnosis, 'dns-01')).toMatchObject([
      { level: 'ok', message: expect.stringMatching(/^exec wrote a TXT record, and it was seen/) as string },
    ]);
    expect(found(diagnosis, 'rehearsal')).toMatchObject([{ level: 'ok' }]);
    expect(outcome.code).toBe(0);
    await chmod(path.join(world.folder, 'txt.sh'), 0o644);
    const broken = read(await world.gatehouse('certs', 'check', 'shop.example.com', ...args));
    expect(found(broken, 'dns-01')).toMatchObject([{ level: 'fail' }]);
  });

  test('a name that no site has is told so, with 1', async () => {
    const ports = await freePorts();
    await using ca = await Pebble.start(ports);
    const world = await beside(ca, ports, '{ app.example.com: { to: "http://127.0.0.1:1", certificate: internal } }');
    const unknown = await world.gatehouse('certs', 'check', 'other.example.com');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stdout).toContain('FAIL  configured   no site is called other.example.com');
    const internal = await world.gatehouse('certs', 'check', 'app.example.com');
    expect(internal.code).toBe(0);
    expect(internal.stdout).toContain('the site app.example.com says internal; none is ordered');
  });

  test.for([
    { args: ['not a name'] },
    { args: ['app.example.com', '--resolver', 'ns.example.com'] },
    { args: ['app.example.com', '--connect', 'a:b'] },
    { args: ['app.example.com', '--staging', 'nowhere'] },
    { args: ['app.example.com', '--dry-run'] },
    { args: [] },
  ])('$args is a wrong call, with 2', async ({ args }) => {
    const world = await install(
      { directory: 'https://127.0.0.1:1/dir', rootPem: undefined },
      { ports: { httpPort: 1, tlsPort: 2 }, sites: SITES },
    );
    expect((await world.gatehouse('certs', 'check', ...args)).code).toBe(2);
  });
});

/** A server of somebody else; returns its port. */
async function listening(answer: http.RequestListener): Promise<number> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}
