// A gateway with rules in front of its one site, and the records of what they found.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { World } from './world.ts';
import { startGateway } from './world.ts';

export interface RuleFound extends Record<string, unknown> {
  readonly id: number;
  readonly target: string;
  readonly value: string;
  readonly msg: string;
  readonly data: string;
}

export interface WafRecord extends Record<string, unknown> {
  readonly requestId: string;
  readonly verdict: string;
  readonly status: number;
  readonly rules: readonly RuleFound[];
}

export interface GuardedWorld extends World {
  /** The records of findings, as soon as there are that many. */
  wafRecords(count: number): Promise<WafRecord[]>;
  /** All lines of a log file, parsed. */
  lines(file: string): Promise<Record<string, unknown>[]>;
}

export interface Guarding {
  /** SecLang, loaded as the only rule file. */
  readonly rules: string;
  /** Where the site leads. */
  readonly to: string;
  /** What the `waf` section says besides its rules. */
  readonly waf?: string;
  /** Further keys of the site, indented by four. */
  readonly site?: string;
  /** Further sections of the file. */
  readonly top?: string;
}

/** A folder with rule files by name; gone after the test. */
export async function ruleFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-rules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text, 'latin1');
  return folder;
}

export async function startGuarded({ rules, to, waf = '', site = '', top = '' }: Guarding): Promise<GuardedWorld> {
  const folder = await ruleFolder({ 'test.conf': rules });
  return startGuardedBy(`${top}
sites:
  localhost:
    to: "${to}"
    waf: { rules: ["${folder}/test.conf"], ${waf} }
${site}`);
}

/** `yaml` names its rule files itself. */
export async function startGuardedBy(yaml: string): Promise<GuardedWorld> {
  const logs = /^logs:/m.test(yaml) ? '' : 'logs: { level: silent, access: access.log, waf: waf.log }\n';
  const world = await startGateway(`${logs}${yaml}`);
  const lines = (file: string): Promise<Record<string, unknown>[]> => read(path.join(world.folder, file));
  return {
    ...world,
    lines,
    wafRecords: (count) =>
      vi.waitFor(
        async () => {
          const records = (await lines('waf.log')).filter(({ event }) => event === 'waf') as WafRecord[];
          if (records.length < count) throw new Error(`${records.length} records so far, ${count} awaited`);
          return records;
        },
        { timeout: 5000, interval: 10 },
      ),
  };
}

async function read(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
