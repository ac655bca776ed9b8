// The OWASP Core Rule Set for tests: the folder that WAF_CRS names, else Debian's package (CRS 3.3), as one rule set.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatProblem } from '../../../src/base/errors.ts';
import { BUILT_IN } from '../../../src/waf/built-in.ts';
import { checkRules, KNOWN } from '../../../src/waf/check.ts';
import type { RuleSet } from '../../../src/waf/rule.ts';
import { parseSecLang } from '../../../src/waf/seclang/load.ts';

const DEBIAN = '/usr/share/modsecurity-crs';
/** Countries and block lists, which need the network. */
const REFUSED = '910100 910140';

export interface CoreRules {
  readonly name: string;
  readonly ruleSet: RuleSet;
}

/** undefined: there is no rule set on this machine. Throws when there is one that does not load. */
export function readCoreRules(): CoreRules | undefined {
  const folder = process.env.WAF_CRS || DEBIAN;
  const setup = [
    path.join(folder, 'crs-setup.conf'),
    path.join(folder, 'crs-setup.conf.example'),
    '/etc/modsecurity/crs/crs-setup.conf',
  ].find(existsSync);
  if (setup === undefined || !existsSync(path.join(folder, 'rules'))) return undefined;
  const text = `${BUILT_IN}\nInclude ${setup}\nInclude ${folder}/rules/*.conf\nSecRuleRemoveById ${REFUSED}\n`;
  // Patterns are tried below, rule by rule: a rule whose pattern is refused is left out here, and only here.
  const { operators, transforms } = KNOWN;
  const { ruleSet, problems } = parseSecLang(text, 'main.conf', { baseDir: folder, known: { operators, transforms } });
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  const wrong = new Set(checkRules(ruleSet).map(({ file, line }) => `${file}:${line}`));
  const items = ruleSet.items.filter(
    (item) => item.kind === 'marker' || !item.links.some(({ source }) => wrong.has(`${source.file}:${source.line}`)),
  );
  return { name: ruleSet.components.at(-1) ?? folder, ruleSet: { ...ruleSet, items } };
}
