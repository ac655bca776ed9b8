// The life of a request, from top to bottom. A stage returns a reply to end the walk or undefined to go
// on; the order is this code. The record is written whatever happens.
import { GatehouseError } from '../base/errors.ts';
import type { ClientStream } from '../http/client-stream.ts';
import { errorReply } from '../http/error-page.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { noteGone, send } from '../http/send.ts';
import { otherReadings, pathForMatching } from '../http/target.ts';
import type { Bans } from '../limits/bans.ts';
import type { Records } from '../observe/records.ts';
import type { RouteSubject } from '../route/match.ts';
import { forward } from '../upstream/forward.ts';
import { answerChallenge, isChallenge } from './challenge.ts';
import { checkClientCertificate } from './client-certificate.ts';
import type { Watch } from './guard.ts';
import { addHsts } from './hsts.ts';
import { redirectToHttps } from './redirect.ts';
import { showRefused } from './refused.ts';
import type { Context, Route, Site } from './runtime.ts';

/** A server that is busy may have room again at once; a client that waits a second does not make it worse. */
const RETRY_AFTER = ['retry-after', '1'];

/** Never rejects. Nothing is awaited that is there already: a hit would spend as long in the promises' queue as on its way. */
export async function handle(x: Exchange, stream: ClientStream, context: Context): Promise<void> {
  const { records } = context;
  try {
    let reply: Reply | Promise<Reply>;
    try {
      reply = answer(x, stream, context);
      if (reply instanceof Promise) reply = await reply;
    } catch (error) {
      reply = failure(x, error, records);
    }
    addHsts(x, reply, context.runtime.sites);
    if (x.ownFields !== undefined) reply.headers.push(...x.ownFields);
    await send(x, stream, reply);
    if (x.isGone) noteGone(x);
  } catch (error) {
    // Only a defect of ours ends here: what was sent must not look whole.
    x.error = 'internal';
    records.error('process', 'an answer could not be sent', error, { requestId: x.id });
    stream.reset();
  } finally {
    x.end();
    countStrike(x, context);
    records.access(x);
  }
}

function answer(x: Exchange, stream: ClientStream, context: Context): Reply | Promise<Reply> {
  return leave(x) ?? (isChallenge(x) ? challenged(x, stream, context) : walk(x, stream, context));
}

async function challenged(x: Exchange, stream: ClientStream, context: Context): Promise<Reply> {
  return (await answerChallenge(x, context.keeper)) ?? walk(x, stream, context);
}

function walk(x: Exchange, stream: ClientStream, context: Context): Reply | Promise<Reply> {
  return refuse(x, context) ?? redirectToHttps(x, context) ?? serve(x, stream, context);
}

/** Nobody waits any more, so nothing is done; the reply is for the record only. */
function leave(x: Exchange): Reply | undefined {
  return x.isGone ? { status: 499, headers: [], body: undefined } : undefined;
}

function refuse(x: Exchange, context: Context): Reply | undefined {
  if (x.refusal === undefined) return undefined;
  x.reason = x.refusal.reason;
  const reply = errorReply(x, x.refusal.status);
  showRefused(x, context, reply);
  return reply;
}

function serve(x: Exchange, stream: ClientStream, { runtime, records }: Context): Reply | Promise<Reply> {
  const { host } = x.request;
  if (!runtime.isServedBy(x.connection.sni, host)) return turnAway(x, 421, 'misdirected');
  const site = runtime.sites.find(host);
  if (site === undefined) return turnAway(x, 404, 'no-site');
  x.site = site.name;
  const unproved = checkClientCertificate(x, site, runtime);
  if (unproved !== undefined) return unproved;
  const { method, path, query, headers } = x.request;
  const subject = { method, path, query, headers, client: x.client, reading: pathForMatching(path) };
  const route = site.routes.find(({ matches }) => matches(subject));
  if (path.includes('%') && !isSameRoute(route, site, subject)) return turnAway(x, 400, 'path-ambiguous');
  if (route === undefined) return turnAway(x, 404, 'no-route');
  if (!route.addresses.isOpenTo(x.client)) return turnAway(x, 403, 'address');
  const banned = checkBan(x, route, runtime.limits.bans);
  if (banned !== undefined) return banned;
  const counted = route.limits?.take(x, subject);
  const goOn = (): Reply | Promise<Reply> =>
    route.guard === undefined
      ? pass(x, stream, route)
      : inspect(x, route.guard.watch(x, records, stream), stream, route);
  return counted instanceof Promise ? counted.then((limited) => limited ?? goOn()) : (counted ?? goOn());
}

async function inspect(x: Exchange, watch: Watch, stream: ClientStream, route: Route): Promise<Reply> {
  return (
    watch.requestHead() ??
    (await watch.requestBody()) ??
    compressed(x, await watch.response(await fetchReply(x, stream, route)), route)
  );
}

/** Where there are no rules. */
function pass(x: Exchange, stream: ClientStream, route: Route): Reply | Promise<Reply> {
  const reply = fetchReply(x, stream, route);
  if (route.compressor === undefined) return reply;
  return reply instanceof Promise ? reply.then((each) => compressed(x, each, route)) : compressed(x, reply, route);
}

function fetchReply(x: Exchange, stream: ClientStream, { cache, target }: Route): Reply | Promise<Reply> {
  return cache === undefined ? forward(x, stream, target) : cache.answer(x, stream);
}

/** Whether every reading of the path leads to the same route: else the backend might take what another route guards. */
function isSameRoute(route: Route | undefined, { routes }: Site, subject: RouteSubject): boolean {
  return otherReadings(subject.path).every((reading) => {
    const other: RouteSubject = { ...subject, reading };
    return routes.find(({ matches }) => matches(other)) === route;
  });
}

function compressed(x: Exchange, reply: Reply, { compressor }: Route): Reply | Promise<Reply> {
  return compressor === undefined ? reply : compressor.apply(x, reply);
}

/** Whom the site's own allow list names is not kept out by what he did, or what somebody did from his network. */
function checkBan(x: Exchange, route: Route, bans: Bans): Reply | undefined {
  const ban = bans.find(x.client, x.site);
  if (ban === undefined || route.addresses.isInvited(x.client)) return undefined;
  bans.turnedAway++;
  return turnAway(x, 403, 'banned');
}

/** What the rules blocked counts against its client, where the configuration says so. */
function countStrike(x: Exchange, { runtime, records }: Context): void {
  const { strikes } = runtime.limits;
  // Only what a rule refused: a body that is too long, or rules that failed, is no attack.
  if (strikes === undefined || x.waf?.verdict !== 'block' || x.reason !== 'waf' || x.site === undefined) return;
  strikes.note(x.client, x.site, x.waf.score).catch((error: unknown) => {
    records.error('limit', 'a blocked request could not be counted', error, { requestId: x.id });
  });
}

function turnAway(x: Exchange, status: number, reason: string): Reply {
  x.reason = reason;
  return errorReply(x, status);
}

/** The one place where a failure becomes an answer: the client learns the status, the log the rest. */
function failure(x: Exchange, error: unknown, records: Records): Reply {
  if (!(error instanceof GatehouseError)) {
    x.error = 'internal';
    records.error('process', 'a request failed inside the gateway', error, { requestId: x.id });
    return errorReply(x, 500);
  }
  x.error = error.code;
  if (error.side === 'upstream') records.upstreamFailure(x, error);
  return errorReply(x, error.status, error.code === 'upstream_busy' ? RETRY_AFTER : []);
}
