import { describe, expect, test, vi } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { type RequestOptions, request } from '../support/client.ts';
import { type GuardedWorld, ruleFolder, startGuarded, startGuardedBy } from '../support/guarded.ts';

/** Two rules that score, one that decides, one that denies by itself. */
const RULES = `SecAction "id:1,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=5"
SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|REQUEST_HEADERS|!REQUEST_HEADERS:Cookie|FILES|XML:/* "@contains attack" \\
  "id:100,phase:2,pass,log,t:lowercase,tag:'attack-xss',setvar:tx.total=+5"
SecRule REQUEST_FILENAME "@contains attack" "id:101,phase:1,pass,log,tag:'kind/path',setvar:tx.total=+5"
SecRule ARGS "@contains evil" "id:102,phase:2,deny,status:403,log"
SecRule TX:total "@ge %{tx.inbound_anomaly_score_threshold}" "id:900,phase:2,deny,status:403,log"
`;

async function world(exceptions: string, site = ''): Promise<GuardedWorld> {
  const backend = await startBackend((_, response) => response.end('fine'));
  return startGuarded({ rules: RULES, to: backend.url, waf: `exceptions: [${exceptions}]`, site });
}

async function statusOf(to: GuardedWorld, path: string, options: RequestOptions = {}): Promise<number> {
  return (await request('http/1.1', to, { path, ...options })).status;
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };

describe('an exception', () => {
  test.for([
    ['args.text', '/?text=an+attack', {}],
    ['args.TEXT', '/?Text=an+attack', {}],
    ['args.te*', '/?tell=attack', {}],
    ['args.my-attack', '/?my-attack=1', {}],
    ['args', '/?anything=attack', {}],
    ['names', '/?attack=1', {}],
    ['cookies.c', '/', { headers: { cookie: 'c=attack' } }],
    ['headers.X-Note', '/', { headers: { 'x-note': 'attack' } }],
    ['args.body', '/', { method: 'POST', headers: form, body: 'body=attack' }],
    ['json./user/notes/0', '/', { method: 'POST', headers: json, body: '{"user":{"notes":["attack"]}}' }],
    ['json./user/*', '/', { method: 'POST', headers: json, body: '{"user":{"notes":["attack"]}}' }],
    ['json', '/', { method: 'POST', headers: json, body: '{"user":{"notes":["attack"]}}' }],
    ['ARGS:q', '/?q=attack', {}],
    [
      'files.name.f',
      '/',
      {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: '--b\r\nContent-Disposition: form-data; name="f"; filename="attack.txt"\r\n\r\nx\r\n--b--\r\n',
      },
    ],
  ] as const)('on %s spares that field', async ([field, path, options]) => {
    const spared = await world(`{ rules: [100], fields: ["${field}"] }`);
    expect(await statusOf(spared, path, options)).toBe(200);
    expect(await statusOf(spared, '/?other-one=attack&x=1', { headers: { 'x-other': 'attack' } })).toBe(403);
    const strict = await world('');
    expect(await statusOf(strict, path, options)).toBe(403);
  });

  test.for([
    ['xml', 'text/xml', (text: string) => `<a><b>${text}</b></a>`],
    [
      'files.text',
      'multipart/form-data; boundary=b',
      (text: string) => `--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n${text}\r\n--b--\r\n`,
    ],
  ] as const)('on %s spares the lines of its texts', async ([field, type, wrap]) => {
    const rule = `name: x\nrules: [{ id: 1, title: t, inspect: [${field}], match: { startsWith: "'attack" } }]\n`;
    const backend = await startBackend((_, response) => response.end('fine'));
    const folder = await ruleFolder({ 'x.yaml': rule });
    const body = wrap(['good morning', 'to all of you', "'attack = 1", 'and see you', 'tomorrow'].join('\n'));
    const ask = async (exceptions: string): Promise<number> => {
      const waf = `{ rules: ["${folder}/x.yaml"], exceptions: [${exceptions}] }`;
      const guarded = await startGuardedBy(`sites: { localhost: { to: "${backend.url}", waf: ${waf} } }\n`);
      return statusOf(guarded, '/', { method: 'POST', headers: { 'content-type': type }, body });
    };
    expect(await ask('')).toBe(403);
    expect(await ask(`{ rules: [1], fields: [${field}] }`)).toBe(200);
  });

  test('holds where its path and its methods say', async () => {
    const there = await world('{ rules: [100], fields: [args.q], path: ["/posts/**", /notes], method: [POST] }');
    const post = { method: 'POST', headers: form, body: 'q=attack' };
    expect(await statusOf(there, '/posts/1', post)).toBe(200);
    expect(await statusOf(there, '/notes', post)).toBe(200);
    expect(await statusOf(there, '/x/../notes', post)).toBe(200);
    expect(await statusOf(there, '/notes/1', post)).toBe(403);
    expect(await statusOf(there, '/posts/1?q=attack')).toBe(403);
  });

  test('takes rules by tag and by range, as a whole', async () => {
    expect(await statusOf(await world('{ rules: ["tag:attack-xss"] }'), '/?q=attack')).toBe(200);
    expect(await statusOf(await world('{ rules: ["tag:XSS"] }'), '/?q=attack')).toBe(200);
    expect(await statusOf(await world('{ rules: ["tag:kind/*"] }'), '/attack')).toBe(200);
    expect(await statusOf(await world('{ rules: ["tag:ss"] }'), '/?q=attack')).toBe(403);
    expect(await statusOf(await world('{ rules: [100-101] }'), '/attack?q=attack')).toBe(200);
    expect(await statusOf(await world('{ rules: [102] }'), '/?q=evil')).toBe(200);
  });

  test('of all rules leaves those alone that decide on the score', async () => {
    const wide = await world('{ rules: [1-999], fields: [args.q] }, { rules: [100-901], path: /free }');
    expect(await statusOf(wide, '/?q=attack')).toBe(200);
    expect(await statusOf(wide, '/?r=attack')).toBe(403);
    expect(await statusOf(wide, '/free?r=attack')).toBe(200);
  });

  test('of a route adds to those of the site', async () => {
    const both = await world(
      '{ rules: [100], fields: [args.a] }',
      '    routes: [{ match: { path: /x }, waf: { exceptions: [{ rules: [100], fields: [args.b] }] } }]',
    );
    expect(await statusOf(both, '/x?a=attack&b=attack')).toBe(200);
    expect(await statusOf(both, '/?a=attack')).toBe(200);
    expect(await statusOf(both, '/?b=attack')).toBe(403);
  });

  test('acts up to the end of its last day, while the gateway runs', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const spared = await world(`{ rules: [100], expires: ${today} }`);
    expect(await statusOf(spared, '/?q=attack')).toBe(200);
    const tomorrow = Date.parse(`${today}T00:00:00Z`) + 86_400_000;
    const now = vi.spyOn(Date, 'now').mockReturnValue(tomorrow);
    try {
      expect(await statusOf(spared, '/?q=attack')).toBe(403);
      now.mockReturnValue(tomorrow - 1);
      expect(await statusOf(spared, '/?q=attack')).toBe(200);
    } finally {
      now.mockRestore();
    }
  });

  test('is counted when a rule would have matched without it, and only then', async () => {
    const spared = await world('{ rules: [100], fields: [args.q] }, { rules: [102] }');
    await statusOf(spared, '/?q=attack');
    await statusOf(spared, '/?q=calm');
    const [exceptions] = spared.gateway.runtime.guards!.exceptions;
    expect(exceptions?.uses.map(({ count }) => count)).toEqual([1, 0]);
  });
});

test('a finding names the fields by which an exception would spare its rule, whatever its chain does behind them', async () => {
  const backend = await startBackend();
  const rules = `SecRule REQUEST_FILENAME "@contains a" "id:1,phase:2,pass,log,chain"
  SecAction "setvar:tx.x=1"
SecRule REQUEST_METHOD "@streq GET" "id:2,phase:2,pass,log,chain"
  SecRule ARGS "@contains b"
SecRule ARGS:p|REQUEST_HEADERS:X "@contains b" "id:3,phase:2,pass,log"
`;
  const guarded = await startGuarded({ rules, to: backend.url });
  await request('h2', guarded, { path: '/a?p=b&q=b', headers: { x: 'b' } });
  const [record] = await guarded.wafRecords(1);
  expect(record?.rules.map(({ id, fields }) => [id, fields])).toEqual([
    [1, ['REQUEST_FILENAME']],
    [2, ['ARGS:p', 'ARGS:q']],
    [3, ['ARGS:p', 'REQUEST_HEADERS:x']],
  ]);
});

describe('what cannot be meant stops the start', () => {
  test.for([
    ['{ rules: [900] }', /rule 900 cannot be excepted: it decides on the score/],
    ['{ rules: [1] }', /rule 1 cannot be excepted: it steers/],
    ['{ rules: [100], fields: [NO_SUCH_THING] }', /there is no field NO_SUCH_THING/],
  ] as const)('%s', async ([exception, message]) => {
    await expect(world(exception)).rejects.toThrow(message);
  });
});

test('sites with different exceptions share one compiled rule set', async () => {
  const { gateway } = await world(
    '{ rules: [100] }',
    '    routes: [{ match: { path: /x }, waf: { exceptions: [{ rules: [101] }] } }]',
  );
  expect(gateway.runtime.guards?.plans.size).toBe(1);
});
