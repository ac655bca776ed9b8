import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { TrafficRecord } from '../../src/observe/traffic.ts';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { type GuardedWorld, startGuarded } from '../support/guarded.ts';

const RULES = `SecRule ARGS|REQUEST_BODY "@contains attack" "id:100,phase:2,deny,log,msg:'Hit'"
SecRule ARGS "@contains odd" "id:101,phase:2,pass,log"
`;

interface Recording extends GuardedWorld {
  readonly dir: string;
  read(name: 'hits' | 'passes', count: number): Promise<TrafficRecord[]>;
}

async function recording(record: string, prepare: (dir: string) => Promise<void> = async () => {}): Promise<Recording> {
  const backend = await startBackend((_, response) => response.end('fine'));
  const dir = path.join(await temporaryFolder(), 'traffic');
  await prepare(dir);
  const top = `record: { dir: ${dir}, ${record} }`;
  const world = await startGuarded({ rules: RULES, to: backend.url, top });
  const read = (name: string, count: number): Promise<TrafficRecord[]> =>
    vi.waitFor(
      async () => {
        const lines = (await readFile(path.join(dir, `${name}.jsonl`), 'utf8')).split('\n').slice(0, -1);
        if (lines.length < count) throw new Error(`${lines.length} of ${count}`);
        return lines.map((line) => JSON.parse(line) as TrafficRecord);
      },
      { timeout: 5000, interval: 10 },
    );
  return { ...world, dir, read };
}

test('what passed and what was stopped is recorded apart, with verdict and rules', async () => {
  const world = await recording('sample: 100%');
  await request('h2', world, { path: '/a?q=odd' });
  await request('h2', world, { path: '/b', method: 'POST', headers: { 'content-type': 'text/x' }, body: 'é\0' });
  await request('http/1.1', world, { path: '/c?q=attack' });
  const [odd, bytes] = await world.read('passes', 2);
  expect(odd).toMatchObject({
    v: 1,
    site: 'localhost',
    method: 'GET',
    target: '/a?q=odd',
    verdict: 'pass',
    status: 200,
  });
  expect(Buffer.from(bytes?.body ?? '', 'latin1').toString('utf8')).toBe('é\0');
  const [hit] = await world.read('hits', 1);
  expect(hit).toMatchObject({
    target: '/c?q=attack',
    verdict: 'block',
    status: 403,
    rules: [{ id: 100, fields: ['ARGS:q'] }],
  });
});

test('a rule whose reason is left out is marked', async () => {
  const world = await recording('sample: 0%');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const send = (body: string) => request('h2', world, { path: '/', method: 'POST', headers: form, body });
  await send('q=attack');
  await send('user%5Bpassword%5D=attack');
  await send('q=attack&password=attack');
  const hits = await world.read('hits', 3);
  expect(hits.map(({ rules }) => rules[0]?.isHidden)).toEqual([undefined, undefined, undefined]);
  await request('h2', world, { path: '/?token=attack' });
  expect((await world.read('hits', 4))[3]?.rules).toEqual([{ id: 100, fields: ['ARGS:token'], isHidden: true }]);
});

test('names of fields are recorded without the secrets in them', async () => {
  const world = await recording('sample: 0%');
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await request('h2', world, { path: '/', method: 'POST', headers, body: '{"password":"hunter22"}=attack' });
  const [hit] = await world.read('hits', 1);
  expect(hit).toMatchObject({ body: '{"password":"redacted"}=attack' });
  expect(hit?.rules[0]?.fields).toContain('ARGS:{"password":"redacted"}');
  expect(JSON.stringify(hit)).not.toContain('hunter22');
});

test('secrets are left out wherever they stand, and the form of the request stays', async () => {
  const world = await recording('sample: 100%');
  const secret = 'hunter2hunter2';
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const headers = {
    authorization: `Bearer ${secret}`,
    cookie: `sid=${secret}; theme=${secret}`,
    'x-copy': `saw ${secret}`,
  };
  await request('h2', world, { path: `/1?token=${secret}&q=${secret}`, headers });
  const body = JSON.stringify({ user: { Password: secret, n: [1] }, pwd: 12345, keep: 'kept' });
  await request('h2', world, { path: '/2', method: 'POST', headers: json, body });
  await request('h2', world, { path: '/3', method: 'POST', headers: form, body: `user[password]=${secret}&keep=kept` });
  const part = `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--b--\r\n`;
  const multipart = { 'content-type': 'multipart/form-data; boundary=b' };
  await request('h2', world, { path: '/4', method: 'POST', headers: multipart, body: part });
  const xml = { 'content-type': 'application/xml' };
  await request('h2', world, {
    path: '/5',
    method: 'POST',
    headers: xml,
    body: `<a><password>${secret}</password></a>`,
  });
  const records = await world.read('passes', 5);
  expect(JSON.stringify(records)).not.toContain(secret);
  expect(records[0]?.headers).toEqual(expect.arrayContaining(['sid=redacted; theme=redacted', 'saw redacted']));
  expect(JSON.parse(records[1]?.body ?? '')).toEqual({
    user: { Password: 'redacted', n: [1] },
    pwd: 'redacted',
    keep: 'kept',
  });
  expect(records[2]?.body).toBe('user[password]=redacted&keep=kept');
  expect(records[3]?.body).toBe(part.replace(secret, 'redacted'));
  expect(records[4]?.body).toBe('<a><password>redacted</password></a>');
});

describe('a recording is bounded', () => {
  test('by the length of files, by their number, and by that of bodies', async () => {
    const world = await recording('sample: 100%, file: 4KiB, files: 3, body: 100B');
    const headers = { 'content-type': 'text/x' };
    for (let i = 0; i < 40; i++)
      await request('h2', world, { path: `/${i}`, method: 'POST', headers, body: 'x'.repeat(999) });
    await vi.waitFor(async () => {
      const last = await readFile(path.join(world.dir, 'passes.jsonl'), 'utf8');
      expect(last).toContain('"target":"/39"');
    });
    const files = await readdir(world.dir);
    expect(files.length).toBe(3);
    for (const file of files) {
      const text = await readFile(path.join(world.dir, file), 'utf8');
      expect(text.length).toBeLessThanOrEqual(4096);
      for (const line of text.trim().split('\n'))
        expect(JSON.parse(line)).toMatchObject({ body: 'x'.repeat(100), isCut: true });
    }
  });

  test('by a share, which may be none', async () => {
    const world = await recording('sample: off');
    await request('h2', world, { path: '/?q=calm' });
    await request('h2', world, { path: '/?q=attack' });
    await world.read('hits', 1);
    expect(await readdir(world.dir)).toEqual(['hits.jsonl']);
  });
});

test('a full disk costs lines, and no request', async () => {
  const world = await recording('sample: 100%', async (dir) => {
    await mkdir(dir);
    await symlink('/dev/full', path.join(dir, 'passes.jsonl'));
  });
  for (let i = 0; i < 5; i++) expect(await request('h2', world, { path: `/${i}` })).toMatchObject({ status: 200 });
  expect(await request('h2', world, { path: '/?q=attack' })).toMatchObject({ status: 403 });
  await world.read('hits', 1);
});

test('a folder that cannot be made stops the start', async () => {
  const prepare = (dir: string): Promise<void> => writeFile(dir, 'a file');
  await expect(recording('sample: 1%', prepare)).rejects.toThrow(/traffic cannot be recorded/);
});
