// What rules see and what a backend gets is one and the same: of two readings of a request none is left.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, exchangeBytes, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const FORM = 'application/x-www-form-urlencoded';
const RULES = `
SecRule ARGS|REQUEST_BODY "@contains attack" "id:100,phase:2,deny,log,msg:'Hit'"
SecRule REQUEST_FILENAME "@beginsWith /admin" "id:101,phase:1,deny,log,msg:'Path'"
SecRule REQUEST_FILENAME "@beginsWith /spared/" "id:102,phase:1,pass,nolog,ctl:ruleRemoveById=100"
SecRule &REQUEST_HEADERS:Cookie "@gt 1" "id:103,phase:1,deny,log,msg:'Cookies'"
SecRule REQUEST_HEADERS:Cookie "@contains a=1; b=2" "id:104,phase:1,pass,log,msg:'Joined'"
`;

test.for([
  ['text/plain', FORM],
  [FORM, 'text/plain'],
  ['application/grpc', FORM],
  [FORM, 'application/grpc'],
  [FORM, FORM],
] as const)('two content types, %s and %s, are refused', async ([first, second]) => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${first}\r\nContent-Type: ${second}\r\n`;
  expect(await exchangeBytes(world, `${head}Content-Length: 8\r\n\r\na=attack`)).toMatch(/^HTTP\/1.1 400 /);
  expect(app.connections.count).toBe(0);
});

test.for([`\xa0${FORM}`, `${FORM}\xa0`, `;${FORM}`, `"${FORM}"`, `\t${FORM}`])(
  'a content type with something around it is read without it: %j',
  async (type) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
    expect(await exchangeBytes(world, `${head}Content-Length: 8\r\n\r\na=attack`)).toMatch(/^HTTP\/1.1 403 /);
  },
);

describeProtocols('a path', (over) => {
  test.for(['/admin', '/x/../admin', '//admin', '/./admin', '/%61dmin', '/x/%2e%2e/admin/a'])(
    '%s is guarded as the backend will read it',
    async (path) => {
      const app = await startBackend();
      const world = await startGuarded({ rules: RULES, to: app.url });
      expect(await request(over, world, { path })).toMatchObject({ status: 403 });
      expect(app.seen).toEqual([]);
    },
  );

  test('that only begins like a spared one spares nothing', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    expect(await request(over, world, { path: '/spared/x?a=attack' })).toMatchObject({ status: 200 });
    expect(await request(over, world, { path: '/spared/../other?a=attack' })).toMatchObject({ status: 403 });
    expect(await request(over, world, { path: '/spared/%2e%2e/other?a=attack' })).toMatchObject({ status: 403 });
  });
});

test('cookies sent in crumbs are one field to the rules', async () => {
  const app = await startBackend();
  const world = await startGuarded({ rules: RULES, to: app.url });
  const headers = { cookie: ['a=1', 'b=2'] };
  expect(await request('h2', world, { headers })).toMatchObject({ status: 200 });
  expect((await world.wafRecords(1))[0]?.rules).toMatchObject([{ id: 104 }]);
  expect(app.seen[0]?.headers.cookie).toBe('a=1; b=2');
});

describeProtocols('trailers', (over) => {
  test('that would pass for fields never reach the backend', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const trailers = { 'x-sum': '1', cookie: 'sid=attack', 'x-forwarded-for': '10.0.0.1', 'content-type': FORM };
    const headers = over === 'h2' ? {} : { trailer: 'x-sum' };
    await request(over, world, { method: 'POST', body: 'x', headers, trailers });
    expect(app.seen[0]?.rawTrailers).toEqual(['x-sum', '1']);
  });
});
