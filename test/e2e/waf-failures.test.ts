import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { ruleFolder, startGuarded, startGuardedBy } from '../support/guarded.ts';

/** Work enough for many budgets of a millisecond: each of these looks at the whole text, and none finds anything. */
const HEAVY = [
  `SecRule REQUEST_HEADERS:x-note "@streq 1" "id:1,phase:1,pass,log,msg:'Noted'"`,
  ...Array.from(
    { length: 60 },
    (_, i) =>
      `SecRule ARGS "@rx (?:a|b${i})[^c]{3,}zz${i}$" "id:${100 + i},phase:2,deny,t:none,t:urlDecodeUni,t:lowercase,t:compressWhitespace"`,
  ),
].join('\n');
const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'x-note': '1' };
const BODY = Array.from({ length: 16 }, (_, i) => `a${i}=${'ab1%20 '.repeat(1_000)}`).join('&');

describeProtocols('an engine that runs out of its budget', (over) => {
  test('refuses the request with 503, which has all its records', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: HEAVY, to: app.url, waf: 'budget: 1ms', top: logsTo('error') });
    const answer = await request(over, world, { method: 'POST', headers: FORM, body: BODY });
    expect(answer.status).toBe(503);
    expect(answer.body).not.toMatch(/budget|rule/i);
    expect(app.seen).toEqual([]);
    const [access] = await world.accessRecords(1);
    expect(access).toMatchObject({ status: 503, reason: 'waf-error' });
    expect((await world.wafRecords(1))[0]).toMatchObject({
      status: 503,
      requestId: access?.requestId,
      rules: [{ id: 1 }],
    });
    expect(await request(over, world)).toMatchObject({ status: 200 });
  });

  test('lets the request pass where the site says so', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: HEAVY, to: app.url, waf: 'budget: 1ms, onError: pass' });
    const answer = await request(over, world, { method: 'POST', headers: FORM, body: BODY });
    expect(answer).toMatchObject({ status: 200 });
    expect(app.seen[0]?.body.toString()).toBe(BODY);
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'pass', status: 200, rules: [{ id: 1 }] });
  });

  test('blocks nothing in detect mode', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: HEAVY, to: app.url, waf: 'budget: 1ms, mode: detect' });
    expect(await request(over, world, { method: 'POST', headers: FORM, body: BODY })).toMatchObject({ status: 200 });
  });
});

test('a bad rule file stops the start, with every fault and its place', async () => {
  const folder = await ruleFolder({
    'bad.conf': 'SecRule ARGS "@nope x" "id:1,phase:2,deny"\nSecRule ARGS "@rx (" "id:2,phase:2,deny"\nSecFoo On\n',
  });
  const start = startGuardedBy(
    `sites: { localhost: { to: "http://127.0.0.1:1", waf: { rules: ["${folder}/bad.conf"] } } }`,
  );
  const error = (await start.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { problems: { file: string; line: number }[] };
  expect(error.problems.map(({ file, line }) => `${path.basename(file)}:${line}`)).toEqual([
    'bad.conf:1',
    'bad.conf:2',
    'bad.conf:3',
  ]);
});

test('a rule file that is not there stops the start', async () => {
  const start = startGuardedBy('sites: { localhost: { to: "http://127.0.0.1:1", waf: { rules: [no/such.conf] } } }');
  await expect(start).rejects.toMatchObject({ problems: [{ file: expect.stringContaining('such.conf') as string }] });
});

function logsTo(level: string): string {
  return `logs: { level: ${level}, access: access.log, waf: waf.log }`;
}

describeProtocols('records of findings', (over) => {
  const rules = `SecRule ARGS:a "@streq b" "id:1,phase:2,pass,log,msg:x"`;

  test.for([
    ['access.log', 'one.log', 'one.log'],
    ['another file', 'access.log', 'waf.log'],
    ['none', 'access.log', 'false'],
  ] as const)('go to %s', async ([, access, waf]) => {
    const app = await startBackend();
    const world = await startGuarded({
      rules,
      to: app.url,
      top: `logs: { level: silent, access: ${access}, waf: ${waf} }`,
    });
    for (let i = 0; i < 5; i++) await request(over, world, { path: '/?a=b' });
    const lines = async (file: string): Promise<unknown[]> =>
      (await readFile(path.join(world.folder, file), 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { event: string }).event);
    const both = [access, ...(waf === access || waf === 'false' ? [] : [waf])];
    const expected = waf === 'false' ? 5 : 10;
    await expect.poll(async () => (await Promise.all(both.map(lines))).flat().length).toBe(expected);
    const events = await lines(access);
    expect(events.filter((event) => event === 'access')).toHaveLength(5);
    if (waf === access) expect(events).toEqual(Array(5).fill(['waf', 'access']).flat());
    else expect(new Set(events)).toEqual(new Set(['access']));
  });
});
