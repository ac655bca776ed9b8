import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const LOGS = 'level: silent, access: access.log, waf: waf.log';
const SECRET = 'Zm9vOmJhci1zZWNyZXQ=';

describeProtocols('a record of findings', (over) => {
  test('has its values cut', async () => {
    const app = await startBackend();
    const rules = `SecRule ARGS "@contains aaaa" "id:1,phase:2,pass,log,msg:'m %{MATCHED_VAR}',logdata:'d %{MATCHED_VAR}'"`;
    const world = await startGuarded({ rules, to: app.url });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await request(over, world, { method: 'POST', headers, body: `x=${'a'.repeat(100_000)}` });
    const [record] = await world.wafRecords(1);
    const [rule] = record?.rules ?? [];
    for (const text of [rule?.value, rule?.msg, rule?.data]) {
      expect(text?.length).toBeLessThan(600);
      expect(text).toMatch(/a…$/);
    }
  });

  test('has names of fields cut, wherever a rule speaks of them', async () => {
    const app = await startBackend();
    const told = "pass,log,msg:'m %{MATCHED_VAR_NAME}',logdata:'d %{MATCHED_VAR_NAME}'";
    const rules = ['ARGS', 'ARGS_NAMES', 'ARGS_POST']
      .map((target, at) => `SecRule ${target} "@rx ." "id:${at + 1},phase:2,${told}"`)
      .join('\n');
    const world = await startGuarded({ rules, to: app.url });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await request(over, world, { method: 'POST', headers, body: `${'a'.repeat(100_000)}=x` });
    const [record] = await world.wafRecords(1);
    expect(record?.rules).toHaveLength(3);
    for (const { target, fields } of record?.rules ?? []) {
      expect(target).toMatch(/^ARGS[A-Z_]*:a+…$/);
      expect(fields).toEqual([target]);
    }
    expect(JSON.stringify(record).length).toBeLessThan(10_000);
  });

  test('shows no secret, whichever way a rule speaks of it', async () => {
    const app = await startBackend();
    const rules = `
SecRule REQUEST_HEADERS:Authorization "@rx ^Basic (.+)$" "id:1,phase:1,pass,log,capture,msg:'a %{TX.1} %{MATCHED_VAR}',logdata:'%{TX.0}'"
SecRule REQUEST_HEADERS:Authorization "@rx ^basic" "id:2,phase:1,pass,log,t:lowercase,msg:'b %{REQUEST_HEADERS.authorization}'"
SecRule REQUEST_COOKIES "@rx ." "id:3,phase:1,pass,log,msg:'c %{MATCHED_VAR}',logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
SecRule REQUEST_HEADERS "@rx cret" "id:4,phase:1,pass,log,msg:'d %{MATCHED_VAR}'"
SecRule ARGS:q "@rx ." "id:5,phase:1,pass,log,msg:'e %{REQUEST_HEADERS.cookie}',logdata:'%{REQUEST_HEADERS.Authorization}'"
SecRule FULL_REQUEST "@rx ." "id:6,phase:2,pass,log,msg:'f %{MATCHED_VAR}'"
SecRule ARGS:q "@rx ." "id:7,phase:1,pass,log,msg:'g %{MATCHED_VAR}',chain"
  SecRule REQUEST_COOKIES:theme "@rx ^(.*)$" "capture,logdata:'%{TX.1} %{MATCHED_VAR}'"
`;
    const world = await startGuarded({ rules, to: app.url });
    const headers = { authorization: `Basic ${SECRET}`, cookie: 'theme=dark-secret; sid="s3cret-value"' };
    await request(over, world, { path: '/?q=plain', headers });
    const [record] = await world.wafRecords(1);
    const text = JSON.stringify(record);
    expect(record?.rules.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 7, 6]);
    for (const secret of [SECRET, SECRET.toLowerCase(), 'dark-secret', 's3cret-value'])
      expect(text).not.toContain(secret);
    expect(text).toContain('g plain');
  });

  test('shows no part of a secret, and no message that a rule made of one', async () => {
    const app = await startBackend();
    const told = "pass,log,capture,msg:'m %{TX.1}',logdata:'d %{TX.1}'";
    const rules = `
SecRule REQUEST_BODY "@rx password=(.{6})" "id:1,phase:2,${told}"
SecRule REQUEST_BODY "@rx (.{4})-battery" "id:2,phase:2,${told}"
SecRule REQUEST_BODY "@rx (battery&q=attack)" "id:3,phase:2,t:lowercase,${told}"
SecRule REQUEST_BODY "@rx &(q=attack)" "id:4,phase:2,${told}"`;
    const world = await startGuarded({ rules, to: app.url });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'a=1&password=Correct-Horse-battery&q=attack';
    await request(over, world, { method: 'POST', headers, body });
    const [record] = await world.wafRecords(1);
    const hidden = {
      msg: 'm %{TX.1}',
      data: '[redacted]',
      value: expect.stringContaining('a=1&password=[redacted]&q='),
    };
    expect(record?.rules).toEqual([
      expect.objectContaining({ ...hidden, id: 1, matched: 'password=[redacted]' }),
      expect.objectContaining({ ...hidden, id: 2, matched: '[redacted]' }),
      expect.objectContaining({ ...hidden, id: 3, matched: '[redacted]' }),
      expect.objectContaining({ id: 4, matched: '&q=attack', msg: 'm q=attack', data: 'd q=attack' }),
    ]);
  });

  test('shows no secret in the name of a field, and the names of fields that are called like one', async () => {
    const app = await startBackend();
    const rules = 'SecRule ARGS_NAMES|ARGS "@rx attack" "id:1,phase:2,pass,log,msg:x"';
    const world = await startGuarded({ rules, to: app.url });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie: 'tab=comment' };
    await request(over, world, { method: 'POST', headers, body: '{"a":"attack","password":"hunter22"}' });
    await request(over, world, { method: 'POST', headers, body: 'comment=attack' });
    const [first, second] = await world.wafRecords(2);
    expect(first?.rules[0]?.target).toBe('ARGS_NAMES:{"a":"attack","password":"[redacted]"}');
    expect(JSON.stringify(first)).not.toContain('hunter22');
    expect(second?.rules[0]?.target).toBe('ARGS:comment');
  });

  test('shows a match that lies far within a long value, and none that lies within a long secret', async () => {
    const app = await startBackend();
    const rules = 'SecRule REQUEST_BODY "@rx att.ck" "id:1,phase:2,pass,log,msg:x"';
    const world = await startGuarded({ rules, to: app.url });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const send = (body: string) => request(over, world, { method: 'POST', headers, body });
    await send(`token=${'s'.repeat(3_000)}&q=${'x'.repeat(9_000)}attack&z=1`);
    await send(`q=1&token=${'s'.repeat(3_000)}attack${'t'.repeat(3_000)}`);
    const [first, second] = await world.wafRecords(2);
    expect(first?.rules[0]).toMatchObject({ matched: 'attack' });
    expect(second?.rules[0]).toMatchObject({ matched: '[redacted]' });
  });

  test('shows no values without names of a body that is too long to be looked through', async () => {
    const app = await startBackend();
    const rules = 'SecRule XML:/*|XML://@* "@rx ." "id:1,phase:2,pass,log,msg:x"';
    const world = await startGuarded({ rules, to: app.url, waf: 'body: { inspect: 1MiB }' });
    const send = (filling: number) => {
      const body = `<a><b>shown</b><!--${'x'.repeat(filling)}--><password>hunter22</password></a>`;
      return request(over, world, { method: 'POST', headers: { 'content-type': 'text/xml' }, body });
    };
    await send(1_000);
    await send(100_000);
    const [first, second] = await world.wafRecords(2);
    expect(first?.rules[0]?.value).toBe('shown[redacted]');
    expect(second?.rules[0]?.value).toBe('[redacted]');
  });

  test('shows parts of the exchange where the log asks for them, secrets hidden', async () => {
    const app = await startBackend((_, response) => {
      response.setHeader('set-cookie', 'sid=server-secret');
      response.setHeader('x-app', 'v1');
      response.end('hello');
    });
    const rules = `SecRule ARGS:a "@streq b" "id:1,phase:2,pass,log,msg:x"
SecRule ARGS:a "@streq c" "id:2,phase:2,pass,log,noauditlog,msg:x"
SecRule ARGS:a "@streq d" "id:3,phase:2,pass,log,msg:x,ctl:auditEngine=Off"`;
    const audit =
      'audit: [request-headers, request-body, response-headers], redact: [authorization, cookie, set-cookie, token]';
    const world = await startGuarded({ rules, to: app.url, waf: 'response: true', top: `logs: { ${LOGS}, ${audit} }` });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'test/1',
      cookie: 'a=my-secret; b=my-secret',
    };
    const post = (a: string): Promise<unknown> =>
      request(over, world, { method: 'POST', path: '/p?token=my-secret&x=1', headers, body: `a=${a}&token=my-secret` });
    await post('b');
    await post('c');
    await post('d');
    const [first, second, third] = await world.wafRecords(3);
    expect(first).toMatchObject({
      request: { line: 'POST /p?token=[redacted]&x=1', body: 'a=b&token=[redacted]' },
      rules: [{ id: 1 }],
    });
    const shown = JSON.stringify(first);
    expect(shown).not.toMatch(/my-secret|server-secret/);
    expect(shown).toContain('user-agent: test/1');
    expect(shown).toContain('cookie: [redacted]');
    expect(shown).toContain('x-app: v1');
    for (const record of [second, third]) {
      expect(record?.rules).toHaveLength(1);
      expect(record).not.toHaveProperty('request');
      expect(record).not.toHaveProperty('response');
    }
  });

  test('has no parts of the exchange unless the log asks for them, and each alone', async () => {
    const app = await startBackend();
    const rules = 'SecRule ARGS:a "@streq b" "id:1,phase:2,pass,log,msg:x"';
    const none = await startGuarded({ rules, to: app.url });
    await request(over, none, { path: '/?a=b' });
    expect((await none.wafRecords(1))[0]).not.toHaveProperty('request');
    const one = await startGuarded({ rules, to: app.url, top: `logs: { ${LOGS}, audit: request-headers }` });
    await request(over, one, { path: '/?a=b' });
    const name = `x-${'n'.repeat(1_000)}`;
    await request(over, one, { path: '/?a=b', headers: { [name]: 'v' } });
    const [record, long] = await one.wafRecords(2);
    expect(long?.request).toMatchObject({ headers: expect.arrayContaining([`${name.slice(0, 256)}…: v`]) });
    expect(Object.keys(record?.request as object)).toEqual(['line', 'headers']);
    expect(record).not.toHaveProperty('response');
  });
});
