// Answers what an operator asks of the rules of the running gateway (`admin/rules-control.ts`).
import type {
  ExceptionFigures,
  ExceptWish,
  FindingSummary,
  RulesControl,
  ShadowReport,
} from '../admin/rules-control.ts';
import { GatehouseError } from '../base/errors.ts';
import { expiresAt } from '../gateway/exception-expiry.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { nameOf } from '../gateway/guards.ts';
import type { Shadow } from '../gateway/shadow.ts';
import type { TrialFigures } from '../gateway/trials.ts';
import { expiryOf, reasonFor, type Written, writeExceptions } from '../tuning/except.ts';
import { type Explanation, explain } from '../tuning/explanation.ts';
import { culprits } from '../tuning/proposals.ts';

export class GatewayRulesControl implements RulesControl {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  findings(): readonly FindingSummary[] {
    return this.#gateway.records.recent.all().map((finding) => {
      const { requestId, time, site, client, method, path, verdict, score } = finding;
      const rules = [...new Set(culprits(finding).map(({ id }) => id))];
      return { requestId, time, site, client, method, path, verdict, score: score.inbound, rules };
    });
  }

  explain(requestId: string): Explanation | null {
    const { recent } = this.#gateway.records;
    const finding = recent.find(requestId);
    return finding === undefined ? null : explain(finding, recent.all());
  }

  exceptions(): readonly ExceptionFigures[] {
    const now = Date.now();
    const byPlace = new Map<string, ExceptionFigures>();
    for (const { uses, since } of this.#gateway.runtime.guards?.exceptions ?? []) {
      for (const { config, count, lastAt } of uses) {
        const { file, line, column } = config.place;
        const key = `${file}:${line}:${column}`;
        const before = byPlace.get(key);
        const last = lastAt === 0 ? null : new Date(lastAt).toISOString();
        byPlace.set(key, {
          file,
          line,
          count: count + (before?.count ?? 0),
          since,
          lastAt:
            [last, before?.lastAt ?? null]
              .filter((time) => time !== null)
              .sort()
              .at(-1) ?? null,
          hasExpired: expiresAt(config) <= now,
        });
      }
    }
    return [...byPlace.values()];
  }

  shadows(): readonly ShadowReport[] {
    const { shadows = [], trials = [] } = this.#gateway.runtime.guards ?? {};
    return [...shadows.map(reportOf), ...trials.flatMap((each) => each.figures().map(trialReport))];
  }

  except({ requestId, proposal, reason, expires }: ExceptWish): Written | null {
    const explanation = this.explain(requestId);
    const chosen = explanation?.proposals.find(({ number }) => number === proposal);
    const { config } = this.#gateway.runtime;
    if (explanation === null || chosen === undefined || explanation.site === undefined) return null;
    if (config.file === undefined) {
      throw new GatehouseError('config_invalid', 'gateway', 'this gateway runs without a configuration file');
    }
    const { site, path, method } = explanation;
    return writeExceptions(config, config.file, { site, path, method }, chosen.exceptions, {
      reason: reason ?? reasonFor(requestId),
      expires: expiryOf(expires, Date.now()),
    });
  }
}

function reportOf(shadow: Shadow): ShadowReport {
  const { config, sites, ...figures } = shadow.figures();
  const { place, rules, paranoia, sample } = config;
  const facts = { file: place.file, line: place.line, sites: [...sites], rules: rules.map(nameOf), rule: null };
  return { ...facts, finds: null, paranoia, sample, ...figures };
}

/** Single rules look at every request, and change nothing but what passes. */
function trialReport({ rule, sites, ...figures }: TrialFigures): ShadowReport {
  const title = rule.links.findLast(({ msg }) => msg !== undefined)?.msg ?? '';
  const facts = { ...rule.source, sites: [...sites], rules: [title], rule: rule.id, sample: 1 };
  return { ...facts, dropped: 0, failed: 0, passes: 0, ...figures };
}
