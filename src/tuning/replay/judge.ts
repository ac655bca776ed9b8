// What the rules of a configuration say of past requests: the engine alone, without a server.
import type { Config } from '../../config/config.ts';
import type { Guard } from '../../gateway/guard.ts';
import type { Guards } from '../../gateway/guards.ts';
import { type Judgement, judgement } from '../../gateway/judgement.ts';
import { canonicalTarget } from '../../http/target.ts';
import { compileMatch, type Matcher } from '../../route/match.ts';
import { Router } from '../../route/router.ts';
import type { PastRequest } from './request.ts';

interface JudgedSite {
  readonly routes: readonly { readonly matches: Matcher; readonly guard: Guard | undefined }[];
}

export class Judge {
  readonly #sites = new Router<JudgedSite>();
  readonly #byName = new Map<string, JudgedSite>();
  /** For what names no site: the only one with rules, or the one that was chosen. */
  readonly #fallback: JudgedSite | undefined;

  /** The guards must have no problems. `fallback`: the site whose rules are tried on requests of no site. */
  constructor(config: Config, guards: Guards, fallback?: string) {
    const guarded: string[] = [];
    for (const site of config.sites) {
      const routes = site.routes.map(({ match, waf }) => ({ matches: compileMatch(match), guard: guards.guard(waf) }));
      const judged = { routes };
      if (routes.some(({ guard }) => guard !== undefined)) guarded.push(site.name);
      for (const name of [site.name, ...site.aliases]) this.#sites.add(name, judged);
      this.#byName.set(site.name, judged);
    }
    const chosen = fallback ?? (guarded.length === 1 ? guarded[0] : undefined);
    this.#fallback = chosen === undefined ? undefined : this.#byName.get(chosen);
  }

  /** undefined: no rules are meant for it. The exceptions that hold are those of the time `now`. */
  judge(past: PastRequest, now: number): Judgement | undefined {
    const canonical = canonicalTarget(past.target);
    const { path, query } = typeof canonical === 'string' ? { path: '', query: '' } : canonical;
    const guard = this.#guardFor(past, path, query);
    if (guard === undefined) return undefined;
    const subject = { method: past.method, path, query, headers: past.headers, client: past.client };
    const inspection = guard.engine.begin(guard.exceptions?.for(subject, now));
    const inspected = guard.config.body.inspectBytes;
    try {
      inspection.requestHead({
        id: past.name,
        clientAddress: past.client,
        clientPort: 0,
        serverAddress: '127.0.0.1',
        serverPort: 443,
        serverName: hostOf(past.headers),
        method: past.method,
        target: past.target,
        ...(path === '' ? {} : { path }),
        protocol: past.protocol,
        headers: past.headers,
      });
      inspection.requestBody(past.body.subarray(0, inspected), past.isCut || past.body.length > inspected);
      inspection.finish();
    } catch {
      // Over its budget, or a defect: what was found until then counts, as it does in the gateway.
    }
    const outcome = inspection.outcome();
    if (outcome.exceptionsUsed !== undefined) guard.exceptions?.note(outcome.exceptionsUsed, now);
    return judgement(outcome);
  }

  #guardFor(past: PastRequest, path: string, query: string): Guard | undefined {
    const named = past.site === undefined ? undefined : this.#byName.get(past.site);
    const site = named ?? this.#sites.find(hostOf(past.headers)) ?? this.#fallback;
    const subject = { method: past.method, path, query, headers: past.headers, client: past.client };
    return site?.routes.find(({ matches }) => matches(subject))?.guard;
  }
}

function hostOf(headers: readonly string[]): string {
  const i = headers.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'host');
  return (i === -1 ? '' : (headers[i + 1] ?? '')).toLowerCase().replace(/:\d+$/, '');
}
