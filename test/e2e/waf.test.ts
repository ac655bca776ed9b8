import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { ruleFolder, startGuarded, startGuardedBy } from '../support/guarded.ts';

const RULES = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.blocking_inbound_anomaly_score=0"
SecRule ARGS "@contains attack" "id:100,phase:2,deny,status:403,log,\\
  msg:'Hit on %{MATCHED_VAR_NAME} from %{REMOTE_ADDR}',logdata:'saw %{MATCHED_VAR}',severity:CRITICAL,\\
  tag:'attack-test',tag:'paranoia-level/2',setvar:tx.blocking_inbound_anomaly_score=+5"
SecRule ARGS:note "@contains odd" "id:101,phase:2,pass,log,msg:'Odd'"
SecRule ARGS:quiet "@contains odd" "id:102,phase:2,pass,nolog"
SecRule ARGS:late "@contains odd" "id:103,phase:5,pass,log,msg:'Late %{RESPONSE_STATUS}'"
`;

describeProtocols('rules in block mode', (over) => {
  test('answer 403 with the request id and no word of the rule, and the backend sees nothing', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const answer = await request(over, world, { path: '/p?id=attack-word' });
    const [record] = await world.wafRecords(1);
    expect(answer.status).toBe(403);
    expect(answer.headers['x-request-id']).toBe(record?.requestId);
    expect(answer.body).toContain(record?.requestId);
    expect(answer.body).not.toMatch(/attack|Hit|\b100\b|test\.conf|rule|waf/i);
    expect(app.seen).toEqual([]);
  });

  test('let pass what none of them matches, without a record of findings', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    expect(await request(over, world, { path: '/?id=1' })).toMatchObject({ status: 200, body: 'hello' });
    expect(await request(over, world, { path: '/?quiet=odd' })).toMatchObject({ status: 200 });
    const records = await world.accessRecords(2);
    expect(records.map(({ waf }) => waf)).toEqual(Array(2).fill({ verdict: 'pass', score: 0 }));
    expect(await world.lines('waf.log')).toEqual([]);
  });

  test('write one record for an exchange, with every key, and the verdict to the access record', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, waf: 'threshold: { inbound: 7, outbound: 6 }' });
    await request(over, world, { path: '/p?note=odd&id=attack' });
    const records = await world.wafRecords(1);
    expect(records).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        event: 'waf',
        requestId: expect.any(String) as string,
        site: 'localhost',
        client: '127.0.0.1',
        method: 'GET',
        path: '/p',
        verdict: 'block',
        by: 100,
        status: 403,
        score: { inbound: 5, outbound: 0 },
        threshold: { inbound: 7, outbound: 6 },
        rules: [
          {
            id: 100,
            file: expect.stringMatching(/test\.conf$/) as string,
            line: 3,
            phase: 2,
            msg: 'Hit on ARGS:id from 127.0.0.1',
            severity: 'CRITICAL',
            paranoia: 2,
            tags: ['attack-test', 'paranoia-level/2'],
            target: 'ARGS:id',
            value: 'attack',
            matched: 'attack',
            data: 'saw attack',
            raw: 'attack',
            transforms: [],
            fields: ['ARGS:id'],
            points: 0,
          },
        ],
      },
    ]);
    const [access] = await world.accessRecords(1);
    expect(access).toMatchObject({ status: 403, reason: 'waf', waf: { verdict: 'block', score: 5 } });
    expect(access?.requestId).toBe(records[0]?.requestId);
  });

  test('write a record for rules that only watch too, those after the answer included', async () => {
    const app = await startBackend((_, response) => void response.writeHead(201).end());
    const world = await startGuarded({ rules: RULES, to: app.url });
    expect(await request(over, world, { path: '/?note=odd&late=odd' })).toMatchObject({ status: 201 });
    const [record] = await world.wafRecords(1);
    expect(record).toMatchObject({
      verdict: 'pass',
      status: 201,
      rules: [
        { id: 101, phase: 2 },
        { id: 103, phase: 5 },
      ],
    });
  });

  test('run their last phase after an answer that they gave themselves', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    await request(over, world, { path: '/?late=odd&id=attack' });
    const [record] = await world.wafRecords(1);
    expect(record?.rules.map(({ id }) => id)).toEqual([100, 103]);
  });

  test('name their own status', async () => {
    const app = await startBackend();
    const rules = 'SecRule ARGS:a "@streq b" "id:1,phase:1,deny,status:418,msg:x"';
    const world = await startGuarded({ rules, to: app.url });
    expect(await request(over, world, { path: '/?a=b' })).toMatchObject({ status: 418 });
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'block', status: 418 });
  });

  test('can redirect', async () => {
    const app = await startBackend();
    const rules = `SecRule ARGS:a "@streq b" "id:1,phase:2,redirect:'https://help.test/why?x=1',status:302,msg:x"`;
    const world = await startGuarded({ rules, to: app.url });
    const answer = await request(over, world, { path: '/?a=b' });
    expect(answer).toMatchObject({ status: 302, headers: { location: 'https://help.test/why?x=1' }, body: '' });
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'block', status: 302 });
    expect(app.seen).toEqual([]);
  });

  test('can drop: no answer at all, and still a record', async () => {
    const app = await startBackend();
    const rules = 'SecRule ARGS:a "@streq b" "id:1,phase:2,drop,msg:x"';
    const world = await startGuarded({ rules, to: app.url });
    await expect(request(over, world, { path: '/?a=b' })).rejects.toThrow(/reset|hang up|INTERNAL|REFUSED|CANCEL/i);
    await expect(request(over, world, { path: '/?a=b', method: 'POST', body: 'x'.repeat(4000) })).rejects.toThrow();
    expect(await world.wafRecords(2)).toMatchObject([{ verdict: 'block' }, { verdict: 'block' }]);
    await world.accessRecords(2);
    expect(app.seen).toEqual([]);
  });

  test('never expand a macro that came with the request', async () => {
    const app = await startBackend();
    const rules = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.word=hidden-word"
SecRule ARGS "@contains tx." "id:2,phase:2,pass,log,msg:'m %{MATCHED_VAR}',logdata:'d %{MATCHED_VAR} %{MATCHED_VAR_NAME}',\\
  setvar:tx.copy=%{MATCHED_VAR}"
SecRule TX:copy "@contains hidden-word" "id:3,phase:2,deny,log,msg:'expanded'"`;
    const world = await startGuarded({ rules, to: app.url });
    const path = `/?${encodeURIComponent('%{tx.word}')}=${encodeURIComponent('%{tx.word}')}`;
    expect(await request(over, world, { path })).toMatchObject({ status: 200 });
    const [record] = await world.wafRecords(1);
    expect(JSON.stringify(record)).not.toContain('hidden-word');
    expect(record?.rules).toMatchObject([{ id: 2, msg: 'm %{tx.word}', data: 'd %{tx.word} ARGS:%{tx.word}' }]);
  });
});

describeProtocols('rules in detect mode', (over) => {
  test('never block and say what they would have done', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, waf: 'mode: detect' });
    expect(await request(over, world, { path: '/?id=attack' })).toMatchObject({ status: 200, body: 'hello' });
    const [record] = await world.wafRecords(1);
    expect(record).toMatchObject({ verdict: 'detect', status: 200, score: { inbound: 5 }, rules: [{ id: 100 }] });
    expect((await world.accessRecords(1))[0]).toMatchObject({ waf: { verdict: 'detect', score: 5 } });
  });

  test('never refuse a body, malformed or long', async () => {
    const app = await startBackend();
    const world = await startGuarded({
      rules: RULES,
      to: app.url,
      waf: 'mode: detect, body: { inspect: 1KiB, over: block }',
    });
    const headers = { 'content-type': 'application/json' };
    expect(await request(over, world, { method: 'POST', headers, body: '{"a":' })).toMatchObject({ status: 200 });
    const long = 'x'.repeat(5000);
    expect(await request(over, world, { method: 'POST', body: long })).toMatchObject({ status: 200 });
    expect(app.seen[1]?.body.toString()).toBe(long);
    expect((await world.wafRecords(1))[0]).toMatchObject({ verdict: 'detect', rules: [{ id: 200002 }] });
  });
});

describeProtocols('a site', (over) => {
  test('with its rules off has none, and says nothing of them', async () => {
    const app = await startBackend();
    const folder = await ruleFolder({ 'a.conf': RULES });
    for (const waf of ['false', `{ mode: off, rules: ["${folder}/a.conf"] }`]) {
      const world = await startGuardedBy(`sites: { localhost: { to: "${app.url}", waf: ${waf} } }`);
      expect(await request(over, world, { path: '/?id=attack' })).toMatchObject({ status: 200 });
      const [record] = await world.accessRecords(1);
      expect(record).not.toHaveProperty('waf');
    }
  });

  test('has routes that override what they say and inherit the rest', async () => {
    const app = await startBackend();
    const folder = await ruleFolder({
      'a.conf': RULES,
      'b.conf': 'SecRule ARGS "@contains other" "id:7,phase:2,deny,log,msg:b"',
    });
    const world = await startGuardedBy(`
sites:
  localhost:
    to: "${app.url}"
    waf: { rules: ["${folder}/a.conf"], body: { inspect: 1KiB, over: block } }
    routes:
      - { match: { path: /free/** }, waf: false }
      - { match: { path: /watched/** }, waf: { mode: detect } }
      - { match: { path: /own/** }, waf: { rules: ["${folder}/b.conf"] } }
      - { match: { path: /prefix/** }, waf: { body: { over: inspect-prefix } } }`);
    const ask = async (path: string, body?: string): Promise<number> =>
      (await request(over, world, { path, method: 'POST', ...(body === undefined ? {} : { body }) })).status;
    expect(await ask('/free/?id=attack')).toBe(200);
    expect(await ask('/watched/?id=attack')).toBe(200);
    expect(await ask('/own/?id=attack')).toBe(200);
    expect(await ask('/own/?id=other')).toBe(403);
    expect(await ask('/prefix/?id=attack')).toBe(403);
    expect(await ask('/?id=attack')).toBe(403);
    const long = 'x'.repeat(2000);
    expect([
      await ask('/', long),
      await ask('/own/', long),
      await ask('/prefix/', long),
      await ask('/free/', long),
    ]).toEqual([413, 413, 200, 200]);
  });

  test('shares one compiled plan with a site of the same rules, and not with one of other settings', async () => {
    const app = await startBackend();
    const folder = await ruleFolder({ 'a.conf': RULES });
    const waf = (more: string): string => `{ rules: ["${folder}/a.conf"], ${more} }`;
    const world = await startGuardedBy(`
sites:
  a.test: { to: "${app.url}", waf: ${waf('')} }
  b.test: { to: "${app.url}", waf: ${waf('mode: detect, body: { inspect: 1KiB, over: block }')} }
  c.test: { to: "${app.url}", waf: ${waf('paranoia: 2')} }`);
    expect(world.gateway.runtime.guards?.plans.size).toBe(2);
    const path = '/?id=attack';
    expect(await request(over, world, { host: 'a.test', path })).toMatchObject({ status: 403 });
    expect(await request(over, world, { host: 'b.test', path })).toMatchObject({ status: 200 });
  });
});
