// What monitoring reads: the gateway's figures in the text format of Prometheus. Nothing is counted here and nothing is
// paid for until somebody asks: a scrape reads what the rooms know anyway. A label has values that the operator chose,
// never ones that a client did.
import {
  type Aggregator,
  type CollectFunction,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { MetricsSource, ServerFigures } from './metrics-source.ts';

/** All figures of one process, so that those of several can be put together. */
export type FigureSet = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What several processes say of it together, where that is not the sum. The one that leads comes first. */
const TOGETHER: Readonly<Record<string, Aggregator>> = {
  build_info: 'first',
  config_last_reload_successful: 'min',
  upstream_server_up: 'min',
  certificate_not_after_timestamp_seconds: 'min',
  certificate_renew_at_timestamp_seconds: 'first',
  certificate_failing: 'first',
  certificate_next_try_timestamp_seconds: 'first',
  certificates_managed: 'first',
  bans: 'max',
  shared_up: 'min',
  remarks: 'max',
};

/** The event loop is looked at so often for its lag: ten times as seldom as usual, for an idle gateway should sleep. */
const LAG_PRECISION_MS = 100;
const PREFIX = 'gatehouse_';
/** Of the usual ones: each scrape would list every open connection. */
const COSTLY = ['resources', 'handles', 'requests'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

export class Metrics {
  readonly #registry = new Registry();

  constructor(source: MetricsSource) {
    collectDefaultMetrics({
      register: this.#registry,
      prefix: PREFIX,
      eventLoopMonitoringPrecision: LAG_PRECISION_MS,
    });
    for (const name of COSTLY) this.#registry.removeSingleMetric(PREFIX + name);
    this.#gauge('build_info', 'The version that runs; always 1.', ['version'], (gauge) => {
      gauge.set({ version: source.version }, 1);
    });
    const reloadHelp = 'Whether the last reload of the configuration succeeded; 1 before there was one.';
    this.#gauge('config_last_reload_successful', reloadHelp, [], (gauge) =>
      gauge.set(Number(source.isConfigCurrent())),
    );
    this.#traffic(source);
    this.#servers(source);
    this.#certificates(source);
    this.#limits(source);
    this.#caches(source);
    this.#shared(source);
    this.#gauge(
      'remarks',
      'What is not as it should be, by kind; /readyz and `status` say it in words.',
      ['kind'],
      (gauge) => {
        for (const [kind, count] of source.remarks()) gauge.set({ kind }, count);
      },
    );
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  async figures(): Promise<FigureSet> {
    return await this.#registry.getMetricsAsJSON();
  }

  #traffic(source: MetricsSource): void {
    this.#gauge('client_connections', 'Client connections that are open.', [], (gauge) => {
      gauge.set(source.load().connections);
    });
    this.#gauge('requests_in_progress', 'Requests under way.', [], (gauge) => {
      gauge.set(source.load().requests);
    });
    this.#counter('requests_total', 'Requests that had their end, by class of status.', ['status'], (counter) => {
      for (const [status, count] of source.statuses()) counter.inc({ status }, count);
    });
    this.#counter('refusals_total', 'Requests that the gateway itself refused, by reason.', ['reason'], (counter) => {
      for (const [reason, count] of source.refusals()) counter.inc({ reason }, count);
    });
    const closuresHelp = 'Client connections that were closed for what the client did, by reason.';
    this.#counter('connections_closed_total', closuresHelp, ['reason'], (counter) => {
      for (const [reason, count] of source.closures()) counter.inc({ reason }, count);
    });
  }

  #servers(source: MetricsSource): void {
    const figure = (name: string, help: string, read: (figures: ServerFigures) => number): void => {
      this.#gauge(`upstream_server_${name}`, help, ['upstream', 'server'], (gauge) => {
        for (const figures of source.servers()) {
          const { upstream, server } = figures;
          gauge.set({ upstream, server }, read(figures));
        }
      });
    };
    figure('up', 'Whether the server gets requests: neither down, nor ejected, nor leaving.', ({ isUp }) =>
      Number(isUp),
    );
    figure('requests_in_progress', 'Requests with it or waiting for a connection to it.', ({ load }) => load);
    figure('requests_waiting', 'Requests that wait for a connection to it.', ({ waiting }) => waiting);
    figure('connections', 'Connections to it that are open or being opened.', ({ connections }) => connections);
  }

  #certificates(source: MetricsSource): void {
    const name = 'certificate_not_after_timestamp_seconds';
    this.#gauge(name, 'When the certificate that clients are shown for a name ends.', ['name', 'source'], (gauge) => {
      for (const { notAfterMs, ...labels } of source.served()) gauge.set(labels, notAfterMs / 1000);
    });
    this.#gauge('certificate_renew_at_timestamp_seconds', 'When it is renewed.', ['name'], (gauge) => {
      for (const { name, renewAtMs } of source.managed())
        if (renewAtMs !== undefined) gauge.set({ name }, renewAtMs / 1000);
    });
    this.#gauge('certificate_failing', 'Whether the last try to get a certificate failed.', ['name'], (gauge) => {
      for (const { name, isFailing } of source.managed()) gauge.set({ name }, Number(isFailing));
    });
    this.#gauge('certificate_next_try_timestamp_seconds', 'When one that failed is tried again.', ['name'], (gauge) => {
      for (const { name, nextTryMs } of source.managed())
        if (nextTryMs !== undefined) gauge.set({ name }, nextTryMs / 1000);
    });
    this.#gauge('certificates_managed', 'Certificates that are ordered, by state.', ['state'], (gauge) => {
      for (const [state, count] of source.states()) gauge.set({ state }, count);
    });
    const ordersHelp = 'Tries to get a certificate, by authority and outcome; kind says what sort of failure.';
    this.#counter('certificate_orders_total', ordersHelp, ['authority', 'result', 'kind'], (counter) => {
      for (const { count, ...labels } of source.orders()) counter.inc(labels, count);
    });
    const challengesHelp = 'Certificates issued, by the type of challenge that proved the name.';
    this.#counter('certificate_challenges_total', challengesHelp, ['type'], (counter) => {
      for (const [type, count] of source.challenges()) counter.inc({ type }, count);
    });
  }

  #limits(source: MetricsSource): void {
    const labels: ['site', 'limit'] = ['site', 'limit'];
    this.#counter('limit_refused_total', 'Requests that a limit refused.', labels, (counter) => {
      for (const { site, name: limit, refused } of source.limits()) counter.inc({ site, limit }, refused);
    });
    this.#counter('limit_delayed_total', 'Times that a request waited for room under a limit.', labels, (counter) => {
      for (const { site, name: limit, delayed } of source.limits()) counter.inc({ site, limit }, delayed);
    });
    this.#gauge('bans', 'Bans in force.', [], (gauge) => {
      gauge.set(source.bans().inForce);
    });
    this.#counter('bans_total', 'Bans that were set, by cause.', ['cause'], (counter) => {
      for (const [cause, count] of source.bans().set) counter.inc({ cause }, count);
    });
    const help = 'Requests and connections that were turned away because of a ban.';
    this.#counter('ban_turned_away_total', help, [], (counter) => {
      counter.inc(source.bans().turnedAway);
    });
  }

  #caches(source: MetricsSource): void {
    const requestsHelp = 'Requests at sites with a cache, by how they were answered.';
    this.#counter('cache_requests_total', requestsHelp, ['site', 'result'], (counter) => {
      for (const { site, requests } of source.caches())
        for (const [result, count] of requests) counter.inc({ site, result }, count);
    });
    this.#gauge('cache_entries', 'Stored responses in memory.', ['site'], (gauge) => {
      for (const { site, entries } of source.caches()) gauge.set({ site }, entries);
    });
    this.#gauge('cache_bytes', 'What they take.', ['site'], (gauge) => {
      for (const { site, bytes } of source.caches()) gauge.set({ site }, bytes);
    });
    this.#counter('cache_evictions_total', 'Stored responses that gave way to others.', ['site'], (counter) => {
      for (const { site, evicted } of source.caches()) counter.inc({ site }, evicted);
    });
  }

  #shared(source: MetricsSource): void {
    if (source.shared() === undefined) return;
    this.#gauge('shared_up', 'Whether the store that machines share answers in time.', [], (gauge) => {
      gauge.set(Number(source.shared()?.isUp ?? false));
    });
    this.#counter('shared_asked_total', 'Questions to the shared store.', [], (counter) => {
      counter.inc(source.shared()?.asked ?? 0);
    });
    this.#counter('shared_failed_total', 'Those that were not answered in time.', [], (counter) => {
      counter.inc(source.shared()?.failed ?? 0);
    });
  }

  #gauge<T extends string>(name: string, help: string, labelNames: T[], fill: (gauge: Gauge<T>) => void): void {
    this.#registry.registerMetric(
      new Gauge({
        name: PREFIX + name,
        help,
        labelNames,
        registers: [],
        aggregator: TOGETHER[name] ?? 'sum',
        collect: refilled(fill),
      }),
    );
  }

  /** The rooms count; the figure is taken over whole. */
  #counter<T extends string>(name: string, help: string, labelNames: T[], fill: (counter: Counter<T>) => void): void {
    this.#registry.registerMetric(
      new Counter({ name: PREFIX + name, help, labelNames, registers: [], collect: refilled(fill) }),
    );
  }
}

/** Names that have gone leave nothing behind. */
function refilled<M extends { reset(): void }>(fill: (metric: M) => void): CollectFunction<M> {
  return function (this: M) {
    this.reset();
    fill(this);
  };
}
