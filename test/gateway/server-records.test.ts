import { expect, test } from 'vitest';
import { recordServerChange } from '../../src/gateway/server-records.ts';
import type { Records } from '../../src/observe/records.ts';
import { startBackend } from '../support/backend.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, groupOf } from '../upstream/group.ts';

test('a change of a server is one record, with the reason; a request is none', async () => {
  const written: unknown[][] = [];
  const write =
    (level: string) =>
    (...record: unknown[]): number =>
      written.push([level, ...record]);
  const records = { info: write('info'), warn: write('warn') } as unknown as Records;
  const bad = await startBackend((_, response) => void response.writeHead(503).end());
  const good = await startBackend();
  const clock = new ManualClock();
  const yaml = `{ balance: round-robin, servers: ["${bad.url}", "${good.url}"], ejection: { failures: 2, for: 10s } }`;
  const upstream = groupOf(yaml, { clock });
  upstream.start((change) => recordServerChange(records, 'app', change));
  for (let i = 0; i < 10; i++) await ask(upstream);
  clock.advance(10_000);
  const server = { upstream: 'app', server: `${bad.url}/` };
  const why = '2 failures in a row, the last: answered 503';
  expect(written).toEqual([
    ['warn', 'upstream', 'a server is taken out for a while', { ...server, from: 'up', to: 'ejected', why }],
    ['info', 'upstream', 'a server is back', { ...server, from: 'ejected', to: 'up', why: undefined }],
  ]);
});
