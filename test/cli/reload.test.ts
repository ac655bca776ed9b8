// Reloading as an operator does it: by a command, by a signal, by saving the file.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { type Outcome, type RunningCli, runCli, startCli, temporaryFolder } from '../support/cli.ts';
import { writeSmallConfig } from '../support/small-config.ts';

interface Installed {
  readonly running: RunningCli;
  write(site: string): void;
  readonly gatehouse: (...args: string[]) => Promise<Outcome>;
}

async function installed(...options: string[]): Promise<Installed> {
  const folder = await temporaryFolder();
  const { url } = await startBackend();
  const write = (sites: string): string =>
    writeSmallConfig(folder, { beside: 'logs: { access: false }', name: 'app.test', to: url, sites });
  const file = write('');
  const running = startCli(['run', '-c', file, ...options]);
  await running.said('"ready"');
  return { running, write, gatehouse: (...args) => runCli([...args, '-c', file]) };
}

async function sitesOf({ gatehouse }: Installed): Promise<string[]> {
  const { stdout } = await gatehouse('status', '--json');
  return (JSON.parse(stdout) as { sites: { name: string }[] }).sites.map(({ name }) => name);
}

test('the command puts the file in force, and says so', async () => {
  const world = await installed();
  world.write(', new.test: { to: "http://127.0.0.1:1" }');
  expect(await world.gatehouse('reload')).toEqual({ code: 0, stdout: '', stderr: 'reloaded\n' });
  expect(await sitesOf(world)).toEqual(['app.test', 'new.test']);
  expect((await world.gatehouse('status')).stdout).toMatch(/^reload {7}at 20/m);
});

describe('a file with faults', () => {
  test('is refused with all of them, and status tells until there is a good one', async () => {
    const world = await installed();
    world.write(', new.test: { too: x, certificat: auto }');
    const refused = await world.gatehouse('reload');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/gatehouse\.yaml:6:\d+.*unknown key "too"/);
    expect(refused.stderr).toMatch(/unknown key "certificat"/);
    expect(await sitesOf(world)).toEqual(['app.test']);
    expect((await world.gatehouse('status')).stdout).toMatch(/^reload {7}REFUSED at 20.*unknown key/m);
    world.write('');
    expect((await world.gatehouse('reload', '--json')).stdout).toBe('{\n  "ok": true,\n  "warnings": []\n}\n');
    expect((await world.gatehouse('status')).stdout).not.toContain('REFUSED');
  });

  test('as JSON', async () => {
    const world = await installed();
    world.write(', new.test: 7');
    const { code, stdout } = await world.gatehouse('reload', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ line: 6, code: 'wrong-type' }] });
  });
});

test('SIGHUP does the same, and the records tell', async () => {
  const world = await installed();
  world.write(', new.test: { to: "http://127.0.0.1:1" }');
  world.running.child.kill('SIGHUP');
  expect(await world.running.said('another configuration is in force')).toContain('"trigger":"SIGHUP"');
  expect(await sitesOf(world)).toEqual(['app.test', 'new.test']);
});

test('signals that come while it starts do not end it, and are heeded when it serves', async () => {
  const folder = await temporaryFolder();
  const text = readFileSync(writeSmallConfig(folder, { beside: 'logs: { access: false }' }));
  // Whoever reads it waits for whoever writes, so that the moment of the signals is known.
  const file = path.join(folder, 'pipe.yaml');
  execFileSync('mkfifo', [file]);
  const running = startCli(['run', '-c', file]);
  const pipe = await open(file, 'w');
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) running.child.kill(signal);
  await pipe.writeFile(text);
  await pipe.close();
  await running.said('"ready"');
  await writeFile(file, text);
  expect(await running.said('another configuration is in force')).toContain('"trigger":"SIGHUP"');
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test('with --watch saving the file is enough', async () => {
  const world = await installed('--watch');
  world.write(', new.test: { to: "http://127.0.0.1:1" }');
  await world.running.said('another configuration is in force');
  expect(await sitesOf(world)).toEqual(['app.test', 'new.test']);
  world.write(', new.test: { nonsense: 1 }');
  expect(await world.running.said('was not reloaded')).toContain('unknown key \\"nonsense\\"');
  expect(await sitesOf(world)).toEqual(['app.test', 'new.test']);
});
