// What becomes of lines that nobody takes.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { Outlet } from '../../src/observe/outlet.ts';
import { temporaryFolder } from '../support/cli.ts';

const LINES = 20;
const LINE = `${'x'.repeat(1024 * 1024 - 1)}\n`;

test('more of them than may wait: the first ones come, and how many are lost is told', async () => {
  const pipe = path.join(await temporaryFolder(), 'log.pipe');
  execFileSync('mkfifo', [pipe]);
  const said: string[] = [];
  const outlet = new Outlet(pipe, (words) => said.push(words));
  for (let i = 0; i < LINES; i++) outlet.stream.write(LINE);
  await vi.waitFor(() => expect(outlet.failing).toMatch(/cannot be written \(EPIPE\)/));
  const reader = spawn('wc', ['-l', pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  let counted = '';
  reader.stdout.on('data', (chunk: Buffer) => {
    counted += chunk.toString();
  });
  await vi.waitFor(() => expect(said).toHaveLength(2), { timeout: 10_000 });
  expect(outlet.failing).toBeUndefined();
  const ended = once(reader, 'close');
  await outlet.finish();
  await ended;
  expect(Number.parseInt(counted, 10)).toBe(16);
  expect(said[1]).toBe(`${LINES - 16} records for ${pipe} were lost: too many waited`);
});
