import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exec } from '../../../src/acme/dns/exec.ts';
import type { DnsProvider } from '../../../src/acme/dns/provider.ts';
import { after, failureOf, noEnd } from './failing.ts';

const record = { fqdn: '_acme-challenge.example.test', value: '-Va_lue' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-exec-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A provider that runs a script of the shell, in the folder of the test. */
function script(text: string, ...own: string[]): DnsProvider {
  const file = path.join(folder, 'hook.sh');
  writeFileSync(file, `#!/bin/sh\ncd '${folder}'\n${text}\n`, { mode: 0o700 });
  return exec({ name: 'exec', command: [file, ...own] }, { graceMs: 100 });
}

function written(name: string): string {
  return readFileSync(path.join(folder, name), 'utf8');
}

test('it gets its own arguments, then what to do, and the same in the environment', async () => {
  const provider = script(
    'for each in "$@"; do echo "[$each]" >>args; done; env | grep ^GATEHOUSE_DNS | sort >>env',
    '--zone',
    'a b; $(touch evil)',
  );
  await provider.present(record, noEnd);
  await provider.cleanup(record, noEnd);
  const both = (action: string): string =>
    `[--zone]\n[a b; $(touch evil)]\n[${action}]\n[${record.fqdn}]\n[${record.value}]\n`;
  expect(written('args')).toBe(both('present') + both('cleanup'));
  expect(written('env')).toBe(
    ['present', 'cleanup']
      .map(
        (action) =>
          `GATEHOUSE_DNS_ACTION=${action}\nGATEHOUSE_DNS_FQDN=${record.fqdn}\nGATEHOUSE_DNS_VALUE=${record.value}\n`,
      )
      .join(''),
  );
  expect(existsSync(path.join(folder, 'evil'))).toBe(false);
});

test('a program without a slash is looked for in PATH', async () => {
  await exec({ name: 'exec', command: ['true'] }).present(record, noEnd);
  const failure = await failureOf(exec({ name: 'exec', command: ['false'] }).present(record, noEnd));
  expect(failure.message).toBe(
    `exec: false present ${record.fqdn} failed: it ended with exit code 1 and wrote nothing to its standard error; run it by hand with the same arguments`,
  );
});

test('what it writes to its output is of no interest, however much', async () => {
  await script('head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2').present(record, noEnd);
});

test('a failure shows the end of what it said, on one line', async () => {
  const failure = await failureOf(
    script('seq 1 100000 >&2; printf "no\\033[2J such\\nzone\\n" >&2; exit 3').present(record, noEnd),
  );
  expect(failure).toMatchObject({ code: 'dns_provider_failed', side: 'upstream', retry: false });
  expect(failure.message).toMatch(/exit code 3 and said: ….* 100000 no \[2J such zone; run it/);
  expect(failure.message.length).toBeLessThan(700);
});

test('secrets of the environment are not shown', async () => {
  vi.stubEnv('MY_DNS_TOKEN', 'hunter2-hunter2');
  vi.stubEnv('MY_DNS_ZONE', 'example-zone');
  const failure = await failureOf(
    script('echo "token $MY_DNS_TOKEN for $MY_DNS_ZONE" >&2; exit 1').present(record, noEnd),
  );
  expect(failure.message).toMatch(/said: token \*\*\* for example-zone;/);
});

test('a program that ends itself by a signal', async () => {
  const failure = await failureOf(script('kill -9 $$').present(record, noEnd));
  expect(failure.message).toMatch(/it was ended by SIGKILL/);
});

test.for<[string, string, number, RegExp]>([
  ['missing', '', 0, /there is no such program/],
  ['without the right to be run', '#!/bin/sh\n', 0o600, /it may not be run/],
  ['with an interpreter that is missing', '#!/no/such/shell\n', 0o700, /the interpreter in its first line is missing/],
])('a program %s', async ([, text, mode, message]) => {
  const file = path.join(folder, 'program');
  if (text !== '') writeFileSync(file, text, { mode });
  const failure = await failureOf(exec({ name: 'exec', command: [file] }).present(record, noEnd));
  expect(failure.message).toMatch(message);
});

test('at the deadline it is asked to end, and ended with all that it started', async () => {
  const provider = script(
    `trap 'echo asked >>log' TERM; (trap '' TERM; sleep 1.5; touch late) & while :; do sleep 0.05; done`,
  );
  const started = performance.now();
  const failure = await failureOf(provider.present(record, after(300)));
  expect(performance.now() - started).toBeLessThan(1400);
  expect(failure).toMatchObject({ code: 'dns_provider_failed', retry: true });
  expect(failure.message).toMatch(/it took too long; .*dns\.timeout/);
  expect(written('log')).toBe('asked\n');
  await sleep(1600);
  expect(existsSync(path.join(folder, 'late'))).toBe(false);
});

test('what runs on in the background is not waited for', async () => {
  const started = performance.now();
  await script('sleep 3 & exit 0').present(record, noEnd);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('with no time left nothing is started', async () => {
  const failure = await failureOf(script('touch started').present(record, AbortSignal.abort()));
  expect(failure.message).toMatch(/it took too long/);
  expect(existsSync(path.join(folder, 'started'))).toBe(false);
});
