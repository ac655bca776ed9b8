// The rules of a route: what it says itself, the site's word for the rest, the defaults for what neither says.

import { resolve } from 'node:path';
import type { RuleSource, WafConfig } from '../config.ts';
import type { Part } from '../part.ts';

/** undefined: no rules here. `route`: absent for the site's own requests. */
export function resolveWaf(site: Part, route: Part | undefined, baseDir: string): WafConfig | undefined {
  const own = route?.isGiven === true ? route : undefined;
  if ((own ?? site).isOff) return undefined;
  const at = (...keys: readonly string[]): Part => {
    const part = own === undefined ? undefined : below(own, keys);
    return part?.isGiven === true ? part : below(site, keys);
  };
  const mode = at('mode');
  if (mode.isOff || mode.value === 'off') return undefined;
  const rules = at('rules');
  return {
    mode: mode.word(['block', 'detect']),
    rules: rules.items().map((item) => ruleSource(item, baseDir)),
    paranoia: at('paranoia').number(),
    detectionParanoia: at('detectionParanoia').number(),
    threshold: { inbound: at('threshold', 'inbound').number(), outbound: at('threshold', 'outbound').number() },
    body: {
      inspectBytes: at('body', 'inspect').bytes(),
      over: at('body', 'over').word(['block', 'inspect-prefix']),
      depth: at('body', 'depth').number(),
      arguments: at('body', 'arguments').number(),
    },
    response: at('response').flag(),
    responseTypes: at('responseTypes')
      .items()
      .map((type) => (type.text() ?? '').toLowerCase()),
    budgetMs: at('budget').durationMs(),
    onError: at('onError').word(['block', 'pass']),
  };
}

function below(part: Part, keys: readonly string[]): Part {
  return keys.reduce((inner, key) => inner.at(key), part);
}

function ruleSource(part: Part, baseDir: string): RuleSource {
  const folder = part.at('crs');
  if (folder.isGiven) return { crs: folder.path(baseDir) ?? '' };
  if (part.text() === 'core') return { core: true };
  return { files: resolve(baseDir, part.text() ?? '') };
}
