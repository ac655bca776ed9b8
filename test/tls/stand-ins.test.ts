// Many sites that wait for an authority: the start is quick, each name is covered, and what was made is made once.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadCertificates } from '../../src/tls/sites.ts';
import { newFolder } from '../support/acme/keeping.ts';

async function load(
  count: number,
): Promise<{ config: NonNullable<ReturnType<typeof parseConfig>['config']>; files: () => Promise<string[]> }> {
  const folder = await newFolder();
  const sites = Array.from({ length: count }, (_, i) => `  h${i}.example.com: { to: "http://127.0.0.1:1" }`);
  const { config } = parseConfig(`sites:\n${sites.join('\n')}\n`, { file: 'x', baseDir: folder, env: {} });
  if (config === undefined) throw new Error('no configuration');
  return { config, files: () => readdir(path.join(config.certificates.storage, 'internal'), { recursive: true }) };
}

test('few sites have a certificate of their own each, and hundreds share some', async () => {
  for (const [count, certificates] of [
    [20, 20],
    [120, 3],
  ] as const) {
    const { config } = await load(count);
    const loaded = await loadCertificates(config);
    expect(loaded.certificates).toHaveLength(certificates);
    for (let i = 0; i < count; i++)
      expect(loaded.selector.select(`h${i}.example.com`)?.names).toContain(`h${i}.example.com`);
  }
});

test('what the local CA has made is kept when the certificates of others change', async () => {
  const { config, files } = await load(120);
  const first = await loadCertificates(config);
  const before = await files();
  const other = first.certificates[0];
  const managed = (name: string): typeof other => (name === 'h7.example.com' ? other : undefined);
  const second = await loadCertificates(config, { managed, previous: first });
  expect(await files()).toEqual(before);
  expect(second.selector.select('h8.example.com')).toBe(first.selector.select('h8.example.com'));
  // Not what is nearly over, nor what another root has signed.
  const later = await loadCertificates(config, { previous: first, now: () => Date.now() + 80 * 86_400_000 });
  expect(later.selector.select('h8.example.com')?.serial).not.toBe(first.selector.select('h8.example.com')?.serial);
});
