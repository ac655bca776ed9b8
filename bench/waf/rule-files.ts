// Which rule files both sides load, in order: set-up, settings, rules. The texts are the same for all sides.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../rig/workspace.ts';

/** Where Debian's modsecurity-crs keeps the rules, and their set-up. */
export const DEBIAN_RULES = '/usr/share/modsecurity-crs';
const DEBIAN_SETUP = '/etc/modsecurity/crs/crs-setup.conf';

/** A folder of the OWASP Core Rule Set. */
export interface RuleFolder {
  readonly folder: string;
  /** As the set-up says: `4.29.0-dev`, or 334 for 3.3.4. */
  readonly setup: string;
  /** `rules/*.conf`, sorted by name. */
  readonly rules: readonly string[];
}

/** Fails with an Error whose message is for the user. */
export function findRules(folder: string): RuleFolder {
  const candidates = [join(folder, 'crs-setup.conf'), join(folder, 'crs-setup.conf.example')];
  if (folder === DEBIAN_RULES) candidates.push(DEBIAN_SETUP);
  const setup = candidates.find((path) => existsSync(path));
  const rulesFolder = join(folder, 'rules');
  const names = existsSync(rulesFolder) ? readdirSync(rulesFolder).filter((name) => name.endsWith('.conf')) : [];
  if (setup === undefined || names.length === 0) {
    throw new Error(`${folder} is no rule set: it needs crs-setup.conf or crs-setup.conf.example, and rules/*.conf`);
  }
  return { folder, setup, rules: names.sort().map((name) => join(rulesFolder, name)) };
}

/** The files of one side: set-up, the settings of this benchmark, the rules (all, or those named). */
export function filesOf(
  { setup, rules }: RuleFolder,
  paranoia: number,
  workspace: Workspace,
  chosen: readonly string[] = rules,
): string[] {
  return [setup, workspace.file(`settings-${paranoia}.conf`, settings(paranoia)), ...chosen];
}

/** What only ModSecurity needs to be told; everything else is the same for all. */
export function modsecurityFile(workspace: Workspace): string {
  return workspace.file(
    'modsecurity.conf',
    `SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecRequestBodyLimit ${INSPECTED_BYTES}
SecRequestBodyNoFilesLimit ${INSPECTED_BYTES}
SecRequestBodyLimitAction Reject
SecAuditEngine Off
SecDebugLogLevel 0
SecTmpDir ${workspace.folder}
SecDataDir ${workspace.folder}
`,
  );
}

/** The bound of `waf.body.inspect`. */
export const INSPECTED_BYTES: number = 128 * 1024;

/** The paranoia level under the names of CRS 4 and of CRS 3, and who reads JSON, which the rule set leaves open. */
function settings(paranoia: number): string {
  return `SecAction "id:1001,phase:1,nolog,pass,t:none,\\
  setvar:tx.blocking_paranoia_level=${paranoia},setvar:tx.detection_paranoia_level=${paranoia},\\
  setvar:tx.paranoia_level=${paranoia}"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/json" \\
  "id:1002,phase:1,nolog,pass,t:none,t:lowercase,ctl:requestBodyProcessor=JSON"
`;
}
