// Answers what an operator asks of the running gateway (`admin/control.ts`).
import type { Renewed } from '../acme/keeper.ts';
import type { ManagedStatus } from '../acme/status.ts';
import type {
  BanControl,
  CacheControl,
  Control,
  Metrics,
  Reloaded,
  ReloadState,
  SharedStatus,
  Status,
} from '../admin/control.ts';
import type { RulesControl } from '../admin/rules-control.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { aloneInWords } from '../gateway/sharing.ts';
import type { FigureSet, Metrics as Figures } from '../observe/metrics.ts';
import type { Shared } from '../shared/shared.ts';
import { normalName } from '../tls/names.ts';
import { GatewayBans } from './ban-control.ts';
import { GatewayCaches } from './cache-control.ts';
import { certificateStatus } from './certificate-status.ts';
import { GatewayFigures } from './figures.ts';
import { remarksOf } from './remarks.ts';
import { VERSION } from './self.ts';
import { serverStatus } from './server-status.ts';

/** Takes up configurations, and knows what became of the last. */
export interface Reloads {
  readonly state: ReloadState | undefined;
  reload(trigger: string): Promise<Reloaded>;
}

export class GatewayControl implements Control {
  readonly bans: BanControl;
  readonly cache: CacheControl;
  readonly #gateway: Gateway;
  readonly #reloads: Reloads;
  #figures: Promise<Figures> | undefined;
  #rules: Promise<RulesControl> | undefined;

  constructor(gateway: Gateway, reloads: Reloads) {
    this.#gateway = gateway;
    this.#reloads = reloads;
    this.bans = new GatewayBans(gateway);
    this.cache = new GatewayCaches(gateway);
  }

  /** Loaded when it is first asked for, as the figures are. */
  rules(): Promise<RulesControl> {
    this.#rules ??= import('./rules-control.ts').then(
      ({ GatewayRulesControl }) => new GatewayRulesControl(this.#gateway),
    );
    return this.#rules;
  }

  isReady(): boolean {
    return this.#gateway.state === 'ready';
  }

  remarks(): readonly string[] {
    return remarksOf(this.#gateway, this.#reloads.state).map(({ words }) => words);
  }

  status(): Status {
    const { runtime, addresses, state, startedAt, load, keeper, shared } = this.#gateway;
    return {
      state,
      version: VERSION,
      pid: process.pid,
      startedAt: startedAt.toISOString(),
      config: runtime.config.file,
      reload: this.#reloads.state ?? null,
      listen: { https: addresses.https.map(printedAddress), http: addresses.http.map(printedAddress) },
      workers: null,
      load,
      sites: runtime.config.sites.map(({ name, aliases, routes }) => ({
        name,
        aliases,
        upstreams: [...new Set(routes.map(({ upstream }) => upstream))],
      })),
      upstreams: [...runtime.upstreams].map(([name, { servers }]) => ({ name, servers: servers.map(serverStatus) })),
      shared:
        shared === undefined
          ? null
          : { ...sharedStatus(shared), alone: shared.isUp ? null : aloneInWords(runtime.config) },
      certificates: runtime.loaded.certificates.map(certificateStatus),
      managed: keeper?.status() ?? [],
      warnings: runtime.loaded.warnings,
      remarks: this.remarks(),
    };
  }

  /** What makes them is loaded when it is first asked for: most gateways are never asked. */
  async metrics(): Promise<Metrics> {
    const figures = await this.#loadFigures();
    return { contentType: figures.contentType, text: await figures.text() };
  }

  async figures(): Promise<FigureSet> {
    return (await this.#loadFigures()).figures();
  }

  reload(): Promise<Reloaded> {
    return this.#reloads.reload('command');
  }

  async renewCertificates(name: string | undefined): Promise<readonly Renewed[]> {
    return (await this.#gateway.keeper?.renew(name === undefined ? undefined : normalName(name))) ?? [];
  }

  async lookForCertificates(): Promise<readonly ManagedStatus[]> {
    await this.#gateway.keeper?.look();
    await this.#gateway.refreshCertificates();
    return this.#gateway.keeper?.status() ?? [];
  }

  #loadFigures(): Promise<Figures> {
    this.#figures ??= import('../observe/metrics.ts').then(
      ({ Metrics: Kept }) => new Kept(new GatewayFigures(this.#gateway, this.#reloads)),
    );
    return this.#figures;
  }
}

function sharedStatus({ status: { place, state, since, reason } }: Shared): Omit<SharedStatus, 'alone'> {
  return { place, state, since: since.toISOString(), reason: reason ?? null };
}

export function printedAddress({ address, family, port }: { address: string; family: string; port: number }): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
