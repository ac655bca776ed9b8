import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

function ruleFile(...tests: readonly string[]): string {
  const rule = `{ id: 100001, title: A coupon, inspect: [args.coupon], match: { pattern: "[^A-Z0-9]" }, tests: [${tests.join(', ')}] }`;
  return `name: shop\nrules:\n  - ${rule}\n`;
}

const STOPS = '{ block: { get: "/?coupon=a%20b" } }';
const PASSES = '{ pass: { get: "/?coupon=AB12" } }';

async function testOf(text: string): Promise<{ code: number | null; out: string }> {
  const cwd = await temporaryFolder();
  await writeFile(path.join(cwd, 'shop.yaml'), text);
  const { code, stdout, stderr } = await runCli(['rules', 'test', 'shop.yaml'], { cwd });
  return { code, out: stdout + stderr };
}

test('rules test ends with 0 when every test beside the rules holds', async () => {
  expect(await testOf(ruleFile(STOPS, PASSES))).toEqual({
    code: 0,
    out: '2 tests of rules and 0 honest requests: all as they should be\n',
  });
});

test('rules test ends with 1 and names each test that does not hold, and each rule that lacks one', async () => {
  const { code, out } = await testOf(ruleFile('{ block: { get: "/?coupon=AB12" } }'));
  expect(code).toBe(1);
  expect(out).toMatch(/shop\.yaml:3: rule 100001 finds nothing in this/);
  expect(out).toMatch(/shop\.yaml:3: rule 100001 has no test of the kind pass/);
});

test('rules test ends with 2 for a file with faults, each with its place', async () => {
  const { code, out } = await testOf(ruleFile(STOPS).replace('match:', 'mach:'));
  expect(code).toBe(2);
  expect(out).toMatch(/shop\.yaml:3:\d+: .*unknown key "mach"; did you mean "match"/);
});

test('a gateway runs the core rules, a file of rules and SecLang together, with one score', async () => {
  const backend = await startBackend();
  const folder = await temporaryFolder();
  const low = ruleFile(STOPS, PASSES).replace('title:', 'severity: notice, title:');
  await writeFile(path.join(folder, 'shop.yaml'), low);
  const secLang = `SecRule ARGS:code "@streq x" "id:100,phase:2,pass,log,msg:'x',setvar:'tx.inbound_anomaly_score_pl1=+3'"\n`;
  await writeFile(path.join(folder, 'own.conf'), secLang);
  const rules = JSON.stringify(['core', path.join(folder, 'shop.yaml'), path.join(folder, 'own.conf')]);
  const { port, ca } = await startGateway(`sites: { localhost: { to: "${backend.url}", waf: { rules: ${rules} } } }`);
  const status = async (target: string): Promise<number> =>
    (await request('h2', { port, ca }, { path: target })).status;
  expect(await status('/?coupon=a%20b')).toBe(200);
  expect(await status('/?code=x')).toBe(200);
  expect(await status('/?coupon=a%20b&code=x')).toBe(403);
  expect(await status("/?id=1'%20or%20'1'='1")).toBe(403);
});
