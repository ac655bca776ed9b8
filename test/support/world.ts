// A world in one call: a real gateway on free ports with a folder of its own, gone after the test.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { GatewayTuning } from '../../src/gateway/fellows.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { openLocalCa } from '../../src/tls/local-ca.ts';

export interface World {
  readonly gateway: Gateway;
  readonly folder: string;
  /** Of the TLS listener. */
  readonly port: number;
  readonly httpPort: number;
  /** The local CA's root. */
  readonly ca: string;
  /** Another configuration of the same folder, with the same defaults. */
  config(yaml: string): Config;
  /** The access records, as soon as there are that many. */
  accessRecords(count: number): Promise<AccessRecord[]>;
}

export type AccessRecord = Record<string, unknown> & { status: number; path: string; tls?: { sni?: string } };

/** `yaml` is a gatehouse.yaml; where it says nothing of them, ports, storage and logs are the test's own. */
export async function startGateway(yaml: string, tuning?: GatewayTuning): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = configOf(yaml, folder);
  const gateway = await Gateway.start(config, tuning);
  onTestFinished(() => gateway.stop(0));
  return {
    gateway,
    folder,
    port: gateway.httpsPort,
    httpPort: gateway.addresses.http[0]?.port ?? 0,
    config: (other) => configOf(other, folder),
    ca: openLocalCa(config.certificates.storage).rootPem,
    accessRecords: (count) => accessRecords(path.join(folder, 'access.log'), count),
  };
}

function configOf(yaml: string, folder: string): Config {
  const has = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(yaml);
  const defaults = [
    has('listen') ? '' : 'listen: { https: "127.0.0.1:0", http: "127.0.0.1:0" }',
    has('admin') ? '' : 'admin: { socket: false, http: false }',
    has('certificates') ? '' : 'certificates: { issuer: internal }',
    has('logs') ? '' : 'logs: { level: silent, access: access.log, waf: false }',
  ];
  const text = [...defaults, yaml].join('\n');
  const { config, problems } = parseConfig(text, { file: 'test.yaml', baseDir: folder, env: {} });
  if (config === undefined) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return /\bwaf:/.test(yaml) ? config : withoutRules(config);
}

/** Rules are on by default; a test that says nothing of them is about something else. */
function withoutRules(config: Config): Config {
  const sites = config.sites.map((site) => ({
    ...site,
    routes: site.routes.map((route) => ({ ...route, waf: undefined })),
  }));
  return { ...config, sites };
}

function accessRecords(file: string, count: number): Promise<AccessRecord[]> {
  return vi.waitFor(
    async () => {
      const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
      if (lines.length < count) throw new Error(`${lines.length} records so far, ${count} awaited`);
      return lines.map((line) => JSON.parse(line) as AccessRecord);
    },
    { timeout: 5000, interval: 10 },
  );
}
