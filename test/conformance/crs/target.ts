// The gateway under test: in this process, on a real TLS socket, with a rule set on detection and the reflector behind.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { parseConfig } from '../../../src/config/load.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { openLocalCa } from '../../../src/tls/local-ca.ts';
import type { Logged } from './records.ts';
import { joinRecords } from './records.ts';
import { startReflector } from './reflector.ts';
import type { Door } from './send.ts';

export interface RuleOptions {
  /** The rule set's folder: its files, or `rules/` with them. */
  readonly rules: string;
  /** By default the crs-setup.conf or .example that lies in the rule set's folder or in the one above. */
  readonly setup?: string | undefined;
  /** Loaded after the setup and before the rules; by default the folder's test-settings.conf, if there is one. */
  readonly settings?: string | undefined;
  readonly paranoia: number;
}

export interface Target extends Door {
  /** Stops everything; what was logged, by client address. */
  stop(): Promise<Map<string, Logged>>;
}

export async function startTarget(options: RuleOptions): Promise<Target> {
  const reflector = await startReflector();
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-crs-'));
  const log = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8').catch(() => '');
  const clean = async (): Promise<void> => {
    await reflector.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const text = JSON.stringify(gatewayConfig(reflector.url, options));
    const { config, problems } = parseConfig(text, { file: 'crs.yaml', baseDir: folder, env: {} });
    if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
    const gateway = await Gateway.start(config);
    const ca = openLocalCa(config.certificates.storage).rootPem;
    return {
      port: gateway.httpsPort,
      trust: tls.createSecureContext({ ca }),
      stop: async () => {
        await gateway.stop(DRAIN_MS);
        await gateway.records.finish();
        const logged = joinRecords(await log('access.log'), await log('waf.log'));
        await clean();
        return logged;
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

const DRAIN_MS = 10_000;

/** The rule files in their order. Throws when there is no setup file. */
export function ruleFiles({ rules, setup, settings }: RuleOptions): string[] {
  const folder = path.resolve(rules);
  const inner = path.join(folder, 'rules');
  const files = existsSync(inner) ? inner : folder;
  const near = (...names: string[]): string | undefined =>
    [folder, path.dirname(files)].flatMap((place) => names.map((name) => path.join(place, name))).find(existsSync);
  const chosenSetup = setup ?? near('crs-setup.conf', 'crs-setup.conf.example');
  if (chosenSetup === undefined) throw new Error(`no crs-setup.conf near ${folder}; name one with --setup`);
  const chosenSettings = settings ?? near('test-settings.conf');
  return [
    path.resolve(chosenSetup),
    ...(chosenSettings === undefined ? [] : [path.resolve(chosenSettings)]),
    path.join(files, '*.conf'),
  ];
}

function gatewayConfig(backend: string, options: RuleOptions): object {
  const { paranoia } = options;
  return {
    listen: { https: '127.0.0.1:0', http: false },
    admin: { socket: false, http: false },
    certificates: { issuer: 'internal' },
    logs: { level: 'silent', access: 'access.log', waf: 'waf.log' },
    // Wide enough that it is the rules that speak.
    requestLimits: { header: '128KiB', headers: 1000, uri: '128KiB' },
    timeouts: { headers: '5s', body: '5s', idle: '5s' },
    sites: {
      default: {
        waf: { mode: 'detect', paranoia, detectionParanoia: paranoia, response: true, rules: ruleFiles(options) },
        to: backend,
      },
    },
  };
}
