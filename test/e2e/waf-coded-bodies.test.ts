// Bodies under a Content-Encoding: the rules look at what the backend will unpack.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = 'SecRule ARGS "@contains attack" "id:100,phase:2,deny,log,msg:x"';
const FORM = 'application/x-www-form-urlencoded';

describeProtocols('a coded body', (over) => {
  test.for([
    ['gzip', gzipSync('a=attack')],
    ['x-gzip', gzipSync('a=attack')],
    ['GZIP', gzipSync('a=attack')],
    ['deflate', deflateSync('a=attack')],
    ['deflate', deflateRawSync('a=attack')],
    ['br', brotliCompressSync('a=attack')],
    ['identity', Buffer.from('a=attack')],
    ['gzip, deflate', deflateSync(gzipSync('a=attack'))],
    ['gzip', Buffer.concat([gzipSync('a='), gzipSync('attack')])],
  ] as const)('under %s is seen, and what is harmless arrives as it was sent', async ([coding, body]) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const headers = { 'content-type': FORM, 'content-encoding': coding };
    expect(await request(over, world, { method: 'POST', headers, body })).toMatchObject({ status: 403 });
    const harmless = coding.includes('deflate') || coding === 'br' ? undefined : gzipSync('a=1');
    if (harmless === undefined || coding === 'identity') return;
    expect(await request(over, world, { method: 'POST', headers, body: harmless })).toMatchObject({ status: 200 });
    expect(app.seen.map((seen) => [seen.body.equals(harmless), seen.headers['content-encoding']])).toEqual([
      [true, coding],
    ]);
  });

  test.for([
    ['unknown', 'a=attack', 415],
    ['gzip, unknown', 'a=attack', 415],
    ['gzip', 'a=attack', 400],
    ['gzip', gzipSync('x'.repeat(1_000_000)), 413],
  ] as const)('under %s that cannot be looked at is refused', async ([coding, body, status]) => {
    const app = await startBackend();
    const rules = `${RULES}\nSecAction "id:1,phase:5,pass,log,msg:'end'"`;
    const world = await startGuarded({ rules, to: app.url, waf: 'body: { over: block }' });
    const headers = { 'content-type': FORM, 'content-encoding': coding };
    expect(await request(over, world, { method: 'POST', headers, body })).toMatchObject({ status });
    expect(app.connections.count).toBe(0);
    expect((await world.accessRecords(1))[0]).toMatchObject({ status, waf: { verdict: 'block' } });
    expect((await world.wafRecords(1))[0]).toMatchObject({ status, verdict: 'block', rules: [{ id: 1 }] });
  });

  test('is refused by nobody in detect mode', async () => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url, waf: 'mode: detect' });
    for (const coding of ['unknown', 'gzip']) {
      const headers = { 'content-type': FORM, 'content-encoding': coding };
      expect(await request(over, world, { method: 'POST', headers, body: 'a=1' })).toMatchObject({ status: 200 });
    }
  });

  test('that unpacks to more than is inspected is judged by its beginning where that is enough', async () => {
    const app = await startBackend();
    const world = await startGuarded({
      rules: RULES,
      to: app.url,
      waf: 'body: { inspect: 1KiB, over: inspect-prefix }',
    });
    const headers = { 'content-type': FORM, 'content-encoding': 'gzip' };
    const late = gzipSync(`b=${'x'.repeat(5000)}&a=attack`);
    const early = gzipSync(`a=attack&b=${'x'.repeat(5000)}`);
    expect(await request(over, world, { method: 'POST', headers, body: early })).toMatchObject({ status: 403 });
    expect(await request(over, world, { method: 'POST', headers, body: late })).toMatchObject({ status: 200 });
    expect(app.seen[0]?.body.equals(late)).toBe(true);
  });
});

describeProtocols('a body that says it is gRPC', (over) => {
  test.for([{}, { te: 'trailers', 'content-length': '8' }])('and is no such call is inspected: %j', async (more) => {
    const app = await startBackend();
    const world = await startGuarded({
      rules:
        'SecRule REQUEST_BODY "@contains attack" "id:2,phase:2,deny,log,msg:x"\nSecAction "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"',
      to: app.url,
    });
    const headers = { 'content-type': 'application/grpc', ...more };
    expect(await request(over, world, { method: 'POST', headers, body: 'a=attack' })).toMatchObject({ status: 403 });
  });
});
