import { readFile, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBackend, startStreamingBackend } from '../support/backend.ts';
import { runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { openTls, request } from '../support/client.ts';

async function configIn(folder: string, yaml: string): Promise<string> {
  const file = path.join(folder, 'gatehouse.yaml');
  const defaults =
    'listen: { https: "127.0.0.1:0", http: false }\nworkers: 0\nadmin: { socket: run/admin.sock, http: "127.0.0.1:0" }\n';
  await writeFile(file, yaml.includes('listen:') ? yaml : defaults + yaml);
  return file;
}

/** Starts `run` and reads from its first record where it listens. */
async function running(
  folder: string,
  yaml: string,
): Promise<{ cli: ReturnType<typeof startCli>; port: number; ca: string }> {
  await configIn(folder, yaml);
  const cli = startCli(['run'], { cwd: folder });
  const stderr = await cli.said('"msg":"ready"');
  const ready = JSON.parse(stderr.split('\n').find((line) => line.includes('"ready"')) ?? '') as {
    listen: { https: string[] };
  };
  const ca = await readFile(path.join(folder, 'certs/internal/root.pem'), 'utf8');
  return { cli, port: Number(ready.listen.https[0]?.split(':').at(-1)), ca };
}

describe('gatehouse run', () => {
  test('serves, writes an access record for each request to stdout, and nothing else there', async () => {
    const backend = await startBackend();
    const folder = await temporaryFolder();
    const world = await running(folder, `sites: { localhost: { to: "${backend.url}" } }`);
    expect(await request('h2', world, { path: '/a?secret=1' })).toMatchObject({ status: 200, body: 'hello' });
    world.cli.child.kill('SIGTERM');
    const { code, stdout } = await world.cli.ended;
    expect(code).toBe(0);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(records).toMatchObject([
      {
        event: 'access',
        host: 'localhost',
        method: 'GET',
        path: '/a',
        status: 200,
        protocol: 'h2',
        upstream: backend.url,
      },
    ]);
    expect(stdout).not.toContain('secret');
  });

  test.for(['h2', 'http/1.1'] as const)(
    'lets a request over %s finish after SIGTERM, and takes no new one',
    async (over) => {
      const arrived = Promise.withResolvers<() => void>();
      const backend = await startStreamingBackend((_, response) => arrived.resolve(() => response.end('late')));
      const folder = await temporaryFolder();
      const world = await running(folder, `sites: { localhost: { to: "${backend.url}", waf: { mode: off } } }`);
      const answer = request(over, world);
      const finish = await arrived.promise;
      world.cli.child.kill('SIGTERM');
      await world.cli.said('draining');
      await expect(request(over, world)).rejects.toThrow();
      finish();
      expect(await answer).toMatchObject({ status: 200, body: 'late' });
      expect((await world.cli.ended).code).toBe(0);
    },
  );

  test('closes idle connections of both protocols when it drains', async () => {
    const backend = await startBackend();
    const folder = await temporaryFolder();
    const world = await running(
      folder,
      `timeouts: { drain: 60s }\nsites: { localhost: { to: "${backend.url}", waf: { mode: off } } }`,
    );
    const idle = await openTls(world, { ALPNProtocols: ['http/1.1'] });
    idle.resume();
    const session = http2.connect(`https://localhost:${world.port}`, { ca: world.ca });
    await new Promise((resolve) => session.request({ ':path': '/' }).resume().once('close', resolve));
    const closed = Promise.all([
      new Promise((resolve) => idle.once('close', resolve)),
      new Promise((resolve) => session.once('close', resolve)),
    ]);
    world.cli.child.kill('SIGTERM');
    await closed;
    expect((await world.cli.ended).code).toBe(0);
  });

  test('stops at once on the second signal', async () => {
    const arrived = Promise.withResolvers<void>();
    const backend = await startStreamingBackend(() => arrived.resolve());
    const folder = await temporaryFolder();
    const world = await running(folder, `sites: { localhost: { to: "${backend.url}", waf: { mode: off } } }`);
    const answer = request('h2', world).catch(() => 'cut');
    await arrived.promise;
    world.cli.child.kill('SIGINT');
    await world.cli.said('draining');
    world.cli.child.kill('SIGINT');
    expect(await answer).toBe('cut');
    expect((await world.cli.ended).code).toBe(0);
  });

  test('fails with 1 and says what to do when the port is taken', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const folder = await temporaryFolder();
    await configIn(
      folder,
      `listen: { https: "127.0.0.1:${port}", http: false }\nworkers: 0\nadmin: { http: false, socket: false }\nsites: { a.test: { to: "http://127.0.0.1:1" } }`,
    );
    const { code, stderr } = await runCli(['run'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot listen on 127\.0\.0\.1:\d+: another process has this port/);
  });

  test('fails with 2 and every fault when the configuration is wrong', async () => {
    const folder = await temporaryFolder();
    await configIn(folder, 'sites:\n  a.test:\n    too: x\n    to: ap\nworker: 3\n');
    const { code, stderr } = await runCli(['run'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/gatehouse\.yaml:6:5: .*too.*\n.*\| {5}too: x/s);
    expect(stderr).toMatch(/gatehouse\.yaml:8:1: .*worker.*workers/);
  });
});

describe('gatehouse check', () => {
  test('lists what would run, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    await configIn(folder, 'sites: { a.test: { to: "http://127.0.0.1:3000", aliases: [b.test] } }');
    const { code, stdout } = await runCli(['check'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/a\.test, b\.test[\s\S]*http:\/\/127\.0\.0\.1:3000/);
    await expect(readFile(path.join(folder, 'certs/internal/root.pem'))).rejects.toThrow();
  });

  test('reports faults as JSON, certificates included', async () => {
    const folder = await temporaryFolder();
    const file = await configIn(
      folder,
      'sites: { a.test: { to: "http://127.0.0.1:3000", certificate: { cert: a.pem, key: a.key } } }',
    );
    const { code, stdout } = await runCli(['check', '--json', '-c', file]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('a.pem') as string }],
    });
  });

  test('says how a file is named when it stands alone', async () => {
    const { code, stderr } = await runCli(['check', 'other.yaml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/too many arguments for 'check'.*\n\(-c names the configuration; --help tells more\)\n$/);
  });

  test('reports client authorities that cannot be read, beside all else', async () => {
    const folder = await temporaryFolder();
    await configIn(
      folder,
      'sites: { a.test: { to: "http://127.0.0.1:3000", certificate: { pfx: a.p12 }, clientCertificates: { ca: c.pem } } }',
    );
    const { code, stderr } = await runCli(['check'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.p12 cannot be read[\s\S]*c\.pem cannot be read[\s\S]*2 problems/);
  });
});

describe('gatehouse status', () => {
  test('asks the running gateway', async () => {
    const backend = await startBackend();
    const folder = await temporaryFolder();
    await running(folder, `sites: { localhost: { to: "${backend.url}", waf: { mode: off } } }`);
    const { code, stdout } = await runCli(['status', '--json'], { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'ready',
      sites: [{ name: 'localhost' }],
      upstreams: [{ servers: [{ url: `${backend.url}/` }] }],
      certificates: [{ names: ['localhost'], source: 'internal' }],
    });
  });

  test('fails with 1 when there is none', async () => {
    const folder = await temporaryFolder();
    await configIn(folder, 'sites: { a.test: { to: "http://127.0.0.1:3000" } }');
    const { code, stderr } = await runCli(['status'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('no gateway answers');
  });
});

describe('gatehouse expose', () => {
  test('serves without a file, and prints the file that it stands for', async () => {
    const backend = await startBackend();
    const folder = await temporaryFolder();
    const args = [
      'expose',
      backend.url,
      '--host',
      'localhost',
      '--internal',
      '--port',
      '0',
      '--http-port',
      'off',
      '--admin-port',
      'off',
    ];
    const cli = startCli(args, { cwd: folder });
    const port = Number(/is served at https:\/\/localhost:(\d+)/.exec(await cli.said('is served at'))?.[1]);
    const ca = await readFile(path.join(folder, 'certs/internal/root.pem'), 'utf8');
    expect(await request('h2', { port, ca })).toMatchObject({ status: 200 });
    cli.child.kill('SIGTERM');
    const { stdout, code } = await cli.ended;
    expect(code).toBe(0);
    const printed = stdout.slice(0, stdout.indexOf('{"level"'));
    await writeFile(path.join(folder, 'printed.yaml'), printed);
    expect((await runCli(['check', '-c', 'printed.yaml'], { cwd: folder })).code).toBe(0);
  });

  test.for([
    ['not a url', 'a.test'],
    ['http://127.0.0.1:3000', 'not a host'],
  ] as const)('%s under %s is refused with 2', async ([url, host]) => {
    expect((await runCli(['expose', url, '--host', host, '--print'])).code).toBe(2);
  });
});

describe('the command line', () => {
  test('prints a JSON Schema', async () => {
    const { code, stdout } = await runCli(['schema', 'config']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });

  test('lists certificates', async () => {
    const folder = await temporaryFolder();
    await configIn(folder, 'sites: { a.test: { to: "http://127.0.0.1:3000" } }');
    const { stdout } = await runCli(['certs', 'list', '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      certificates: [{ names: ['a.test'], keyType: 'ecdsa', source: 'internal' }],
    });
  });

  test.for([['--help'], ['run', '--help'], ['help', 'expose']])('%s helps, with 0', async (args) => {
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: gatehouse');
  });

  test.for([[], ['rnu'], ['run', '--nope'], ['schema', 'nope'], ['expose', '3000']])(
    '%j is a wrong call, with 2',
    async (args) => {
      expect((await runCli(args)).code).toBe(2);
    },
  );
});
