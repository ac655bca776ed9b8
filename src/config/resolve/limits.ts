// Who may come in, how often, and who is kept out for a while.

import { parseRate } from '../../base/units.ts';
import type { BansConfig } from '../config.ts';
import type { AccessConfig, LimitConfig } from '../model/sites.ts';
import type { Part } from '../part.ts';
import { tellWords, withoutWords } from '../schema/limits.ts';
import { type LimitKey, parseLimitKey } from '../syntax/limit.ts';
import { parseStatusRanges } from '../syntax/status-ranges.ts';
import { resolveMatch } from './match.ts';

/** Longer than any timer of Node runs; a counter that is forgotten at once would limit nothing. */
const longestWindowMs = 24 * 86_400_000;

export function resolveAccess(site: Part, route: Part | undefined): AccessConfig {
  const own = route?.isGiven === true ? route : undefined;
  const at = (key: string): readonly string[] => {
    if (own?.isOff === true) return [];
    const part = own?.at(key);
    return texts(part?.isGiven === true ? part : site.at(key));
  };
  return { allow: at('allow'), deny: at('deny') };
}

/** `place` names what has no name of its own. */
export function resolveLimits(part: Part, place: string): LimitConfig[] {
  const names = new Set<string>();
  return part.items().flatMap((limit, index) => {
    const resolved = resolveLimit(limit, `${place}${index + 1}`);
    if (resolved === undefined) return [];
    if (names.has(resolved.name)) {
      limit.at('name').fault('duplicate-name', `there is already a limit "${resolved.name}" in this list`);
    }
    names.add(resolved.name);
    return [resolved];
  });
}

export function resolveBans(part: Part): BansConfig {
  const waf = part.at('waf');
  return {
    exempt: texts(part.at('exempt')),
    drop: part.at('drop').word(['answer', 'connection']),
    growth: part.at('growth').number(),
    longestMs: part.at('longest').durationMs(),
    rememberMs: part.at('remember').durationMs(),
    max: part.at('max').number(),
    waf:
      waf.isGiven && !waf.isOff
        ? {
            points: waf.at('points').number(),
            windowMs: waf.at('window').durationMs(),
            forMs: waf.at('for').durationMs(),
          }
        : undefined,
  };
}

function resolveLimit(part: Part, unnamed: string): LimitConfig | undefined {
  const rate = part.at('rate');
  const concurrent = part.at('concurrent');
  const isTold = part.document.isFaulty(rate.pointer) || part.document.isFaulty(concurrent.pointer);
  if (!rate.isGiven && !concurrent.isGiven) {
    if (!isTold) part.fault('missing-key', 'this limit has no bound; write rate, like 5/min, or concurrent', 'key');
    return undefined;
  }
  const ban = part.at('ban');
  const keys = keysOf(part.at('key'));
  if (!rate.isGiven) {
    for (const key of ['ban', 'delay', 'cost', 'burst', 'approximate']) {
      const given = part.at(key);
      if (given.isGiven && !given.isOff)
        given.fault('bad-value', `${key} goes with a rate; concurrent has none`, 'key');
    }
  }
  // Whoever comes next after others have used the bucket up would be banned for it.
  if (ban.isGiven && !ban.isOff && keys.every(({ by }) => by === 'site' || by === 'path')) {
    ban.fault(
      'bad-value',
      'ban needs a key that tells clients apart, such as client.ip: what others have used up is no reason to ban anybody',
      'key',
    );
  }
  return {
    name: part.at('name').text() ?? unnamed,
    match: resolveMatch(part.at('match')),
    key: keys,
    without: part.at('without').word(withoutWords),
    windows: resolveWindows(rate, part.at('burst')),
    concurrent: concurrent.isGiven ? concurrent.number() : undefined,
    costs: resolveCosts(part.at('cost')),
    delayMs: part.at('delay').durationMs(),
    banMs: ban.isGiven && !ban.isOff ? ban.durationMs() : undefined,
    tell: part.at('tell').word(tellWords),
    approximate: part.at('approximate').flag(),
  };
}

/** A bucket of `burst` that refills at `rate` is counted in windows of burst / rate. */
function resolveWindows(rate: Part, burst: Part): LimitConfig['windows'] {
  const rates = rate.items();
  if (burst.isGiven && rates.length !== 1) {
    burst.fault('bad-value', 'burst goes with one rate; of several each has its own count', 'key');
  }
  return rates.flatMap((each) => {
    const parsed = parseRate(each.text() ?? '');
    if (parsed === undefined) return [];
    const points = burst.isGiven ? burst.number() : parsed.count;
    const windowMs = Math.max(1, Math.round((parsed.periodMs * points) / parsed.count));
    if (windowMs <= longestWindowMs) return [{ points, windowMs }];
    const advice = 'no limit reaches over more than 24 days; write a smaller burst or a higher rate';
    (burst.isGiven ? burst : each).fault('bad-value', `burst divided by rate is too long a time; ${advice}`);
    return [];
  });
}

function resolveCosts(part: Part): LimitConfig['costs'] {
  if (!part.isGiven) return undefined;
  return part.entries().flatMap(([written, cost]) => {
    const parsed = parseStatusRanges(written);
    return 'value' in parsed ? parsed.value.map((range) => ({ ...range, cost: cost.number() })) : [];
  });
}

function keysOf(list: Part): LimitKey[] {
  return texts(list).flatMap((text) => {
    const parsed = parseLimitKey(text);
    return 'value' in parsed ? [parsed.value] : [];
  });
}

function texts(list: Part): string[] {
  return list.items().map((item) => item.text() ?? '');
}
