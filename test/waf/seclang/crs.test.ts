// The Core Rule Set as Debian packages it (modsecurity-crs 3.3): it loads as it is, but for what needs the network.

import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadSecLang, parseSecLang } from '../../../src/waf/seclang/load.ts';
import { printSecLang } from '../../../src/waf/seclang/print.ts';
import { known, withoutSources } from './reading.ts';

const rulesDir = '/usr/share/modsecurity-crs/rules';
const setup = '/etc/modsecurity/crs/crs-setup.conf';

describe.skipIf(!existsSync(rulesDir) || !existsSync(setup))('CRS 3.3', () => {
  const loadText = (text: string): ReturnType<typeof parseSecLang> =>
    parseSecLang(text, 'main.conf', { baseDir: rulesDir, known });
  const includes = `Include ${setup}\nInclude ${rulesDir}/*.conf\n`;

  test('only the look-ups of countries and of block lists are refused', () => {
    const { problems } = loadSecLang([setup, `${rulesDir}/*.conf`], { baseDir: '/', known });
    expect(problems.map(({ code, message }) => `${code} ${message.split(' ')[0]}`)).toEqual([
      'not-available @geoLookup',
      'not-available GEO',
      'not-available @rbl',
    ]);
  });

  test('without these two rules it loads, and prints back to what was read', () => {
    const { ruleSet, problems } = loadText(`${includes}SecRuleRemoveById 910100 910140`);
    expect(problems).toEqual([]);
    expect(ruleSet.items.length).toBeGreaterThan(600);
    const again = loadText(printSecLang(ruleSet));
    expect(again.problems).toEqual([]);
    expect(withoutSources(again.ruleSet)).toEqual(withoutSources(ruleSet));
  });
});
