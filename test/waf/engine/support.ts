// A world for rules: rule text to an engine, one exchange run through it, and what came of it in short.
// It must never hide a fault of the rule text: what cannot be loaded is thrown.
import { formatProblem } from '../../../src/base/errors.ts';
import type { BodyLimits } from '../../../src/waf/bodies/processor.ts';
import { BUILT_IN } from '../../../src/waf/built-in.ts';
import { checkRules, KNOWN } from '../../../src/waf/check.ts';
import { compilePlan } from '../../../src/waf/compile.ts';
import { Engine, type EngineOptions } from '../../../src/waf/engine.ts';
import type { Intervention, Outcome } from '../../../src/waf/finding.ts';
import type { RequestHead } from '../../../src/waf/request.ts';
import type { ResponseHead } from '../../../src/waf/response.ts';
import type { RuleSet } from '../../../src/waf/rule.ts';
import { parseSecLang } from '../../../src/waf/seclang/load.ts';
import type { TxValue } from '../../../src/waf/tx-store.ts';

/** What a test says of an exchange; the rest is an ordinary `GET /`. */
export interface Sent extends Partial<RequestHead> {
  readonly body?: string;
  readonly isPrefix?: boolean;
  readonly response?: Partial<ResponseHead> & { readonly body?: string };
}

export interface Settings {
  readonly mode?: EngineOptions['mode'];
  readonly budgetMs?: number;
  readonly limits?: Partial<BodyLimits>;
  readonly seeds?: Readonly<Record<string, TxValue>>;
  /** With the rules that every set of the gateway has. */
  readonly builtIn?: boolean;
}

/** What a rule set can be run with, the real engine or the slow one of the tests. */
export interface Runner {
  requestHead(head: RequestHead): Intervention | undefined;
  requestBody(body: Buffer, isPrefix: boolean): Intervention | undefined;
  responseHead(head: ResponseHead): Intervention | undefined;
  responseBody(body: Buffer, isPrefix: boolean): Intervention | undefined;
  finish(): Outcome;
}

/** Rule text to plain rules. Throws for every fault in it. */
export function parseRules(text: string): RuleSet {
  const { ruleSet, problems } = parseSecLang(text, 'rules.conf', { baseDir: '/nowhere', known: KNOWN });
  const all = problems.length > 0 ? problems : checkRules(ruleSet);
  if (all.length > 0) throw new Error(all.map(formatProblem).join('\n'));
  return ruleSet;
}

export function engineOf(ruleSet: RuleSet, settings: Settings = {}): Engine {
  return new Engine(compilePlan(ruleSet, new Map(Object.entries(settings.seeds ?? {}))), optionsOf(settings));
}

export function optionsOf({ mode = 'on', budgetMs = 10_000, limits = {} }: Settings): EngineOptions {
  return { mode, budgetMs, body: { maxArguments: 1_000, maxDepth: 64, ...limits } };
}

/** An engine of one rule text. */
export function rules(text: string, settings: Settings = {}): Engine {
  return engineOf(parseRules(settings.builtIn === true ? BUILT_IN + text : text), settings);
}

/** Runs all phases as the gateway does: none but the last after an intervention. */
export function exchange(runner: Runner, sent: Sent = {}): Outcome {
  const { body = '', isPrefix = false, response = {}, ...head } = sent;
  const { body: page = '', ...answer } = response;
  const stopped =
    runner.requestHead({ ...HEAD, ...head }) ??
    runner.requestBody(Buffer.from(body, 'latin1'), isPrefix) ??
    runner.responseHead({ ...ANSWER, ...answer }) ??
    runner.responseBody(Buffer.from(page, 'latin1'), false);
  const outcome = runner.finish();
  if (stopped !== outcome.intervention) throw new Error('the verdict changed behind the last phase');
  return outcome;
}

/** Runs one exchange through a rule text; the lines it leaves, `id` or `id target`. */
export function lines(text: string, sent: Sent = {}, settings: Settings = {}): string[] {
  return written(exchange(rules(text, settings).begin(), sent));
}

/** `id target` of every line, the id alone when nothing was looked at. */
export function written({ findings }: Outcome): string[] {
  return findings.map(({ rule, target }) => (target === '' ? `${rule.id}` : `${rule.id} ${target}`));
}

/** The text of `data` of every line. */
export function data(text: string, sent: Sent = {}, settings: Settings = {}): string[] {
  return exchange(rules(text, settings).begin(), sent).findings.map((finding) => finding.data);
}

/** The members that a target has, as the rule sees them: `name=value`. */
export function members(target: string, sent: Sent): string[] {
  const text = `SecRule ${target} "@unconditionalMatch" "id:1,phase:2,nolog,pass,setvar:'tx.all=%{tx.all}%{MATCHED_VAR_NAME}=%{MATCHED_VAR};'"`;
  return data(`${text}\nSecAction "id:2,phase:5,logdata:'%{tx.all}'"`, sent).join().split(';').slice(0, -1);
}

/** `deny 403 1`: what was done, with which status, by which rule; `none` when it went through. */
export function verdict(text: string, sent: Sent = {}, settings: Settings = {}): string {
  return done(exchange(rules(text, settings).begin(), sent).intervention);
}

export function done(intervention: Intervention | undefined): string {
  if (intervention === undefined) return 'none';
  const { action, status, location, rule } = intervention;
  return [action, status, rule.id, ...(location === undefined ? [] : [location])].join(' ');
}

export function form(body: string): Sent {
  return {
    method: 'POST',
    headers: ['host', 'a.example', 'content-type', 'application/x-www-form-urlencoded'],
    body,
  };
}

export const HEAD: RequestHead = {
  id: 'request-1',
  clientAddress: '192.0.2.7',
  clientPort: 40_001,
  serverAddress: '198.51.100.1',
  serverPort: 8443,
  serverName: 'a.example',
  method: 'GET',
  target: '/',
  protocol: 'HTTP/1.1',
  headers: ['host', 'a.example'],
};

const ANSWER: ResponseHead = {
  status: 200,
  protocol: 'HTTP/1.1',
  headers: ['content-type', 'text/html; charset=utf-8'],
};
