// Processes that are begun before anybody knows what they will serve.
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Recruits } from '../../src/cluster/recruits.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

async function recruits(program: string): Promise<{ all: Recruits; folder: string }> {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'program.mjs');
  writeFileSync(file, `process.on('message', () => {});\n${program}`);
  const all = new Recruits([file, folder]);
  onTestFinished(() => all.dismiss());
  return { all, folder };
}

function taken(all: Recruits, number: number): ChildProcess {
  const child = all.take(number);
  if (child instanceof Error) throw child;
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('one that was begun is taken once, and what it has said before is heard', async () => {
  const { all, folder } = await recruits(`
    import { writeFileSync } from 'node:fs';
    const [, , folder, number] = process.argv;
    process.send(number, () => writeFileSync(folder + '/' + number, ''));`);
  all.begin(1);
  await vi.waitFor(() => expect(existsSync(path.join(folder, '1'))).toBe(true), { timeout: 10_000 });
  const first = taken(all, 1);
  expect(await once(first, 'message')).toEqual(['1', undefined]);
  expect(taken(all, 1).pid).not.toBe(first.pid);
});

test('in the place of one that has ended meanwhile comes another', async () => {
  const { all, folder } = await recruits(`
    import { existsSync, writeFileSync } from 'node:fs';
    const file = process.argv[2] + '/pid';
    if (existsSync(file)) process.send('another');
    else {
      writeFileSync(file, String(process.pid));
      process.exit();
    }`);
  all.begin(1);
  await vi.waitFor(
    () => {
      const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8'));
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    },
    { timeout: 10_000 },
  );
  expect(await once(taken(all, 1), 'message')).toEqual(['another', undefined]);
});

test.for([
  ['wrong', 'sites: {}', 2],
  ['right, and the machine refuses it', 'sites: { a.test: { to: "http://127.0.0.1:1" } }', 1],
] as const)('a configuration that is %s leaves no process behind, and is told of once', async ([, text, code]) => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'gatehouse.yaml');
  const rest = 'admin: { socket: false, http: "192.0.2.1:1" }\ncertificates: { issuer: internal }\nworkers: 2\n';
  writeFileSync(file, `${rest}listen: { https: "127.0.0.1:0", http: false }\n${text}\n`);
  const mark = randomUUID();
  const outcome = await runCli(['run', '-c', file], { env: { MARK: mark } });
  expect(outcome.code).toBe(code);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr.match(/problem;|gatehouse: /g)).toHaveLength(1);
  expect(readdirSync('/proc').filter((pid) => environmentOf(pid).includes(mark))).toEqual([]);
});

test.for([
  [0, 0],
  [1, 1],
] as const)('where a file says `workers: %i`, so many are begun', async ([workers, begun]) => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'gatehouse.yaml');
  const hook = path.join(folder, 'hook.mjs');
  const told = path.join(folder, 'told');
  writeFileSync(told, '');
  writeFileSync(hook, `import fs from 'node:fs'; fs.appendFileSync(${JSON.stringify(told)}, process.argv[2] + '\\n');`);
  // What follows is refused, by the machine: by then all are begun that ever will be.
  const rest = 'listen: { https: "127.0.0.1:0", http: false }\nadmin: { socket: false, http: "192.0.2.1:1" }';
  const site = 'certificates: { issuer: internal }\nsites: { a.test: { to: "http://127.0.0.1:1", waf: false } }';
  writeFileSync(file, `workers: ${workers}\n${rest}\n${site}\n`);
  const outcome = await runCli(['run', '-c', file], { env: { NODE_OPTIONS: `--import=${hook}` } });
  expect(outcome.code).toBe(1);
  expect(
    readFileSync(told, 'utf8')
      .split('\n')
      .filter((command) => command === 'work'),
  ).toHaveLength(begun);
});

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
