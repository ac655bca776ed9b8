// `gatehouse rules explain ID`: why was this request stopped, and what can be done about it?
import { Command } from 'commander';
import { explainRequest, fetchFindings } from '../../admin/client.ts';
import { GatehouseError } from '../../base/errors.ts';
import type { Config } from '../../config/config.ts';
import { DEFAULT_DAYS, expiryOf, reasonFor, writeExceptions } from '../../tuning/except.ts';
import { type Explanation, explain } from '../../tuning/explanation.ts';
import { readFindings } from '../../tuning/log-file.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from '../options.ts';
import { DONE, FAILED, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { adminSocket } from '../socket.ts';
import { printExplanation } from './print-explanation.ts';

interface ExplainOptions {
  readonly config: string;
  readonly json?: true;
  readonly socket?: string;
  readonly log?: string;
  readonly last?: true;
  readonly apply?: string;
  readonly reason?: string;
  readonly expires?: string;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('why a request was stopped, and which exceptions would let it pass')
    .argument('[id]', 'the id on the block page and in the records; none: the recent ones are listed')
    .option('--last', 'the last request that was stopped')
    .option('--log <file>', 'look into this log of findings, in place of asking the running gateway')
    .option('--apply <number>', 'write that proposal into the configuration')
    .option('--reason <text>', 'why, for the next reader')
    .option('--expires <day>', `the last day on which it holds, or never (default: in ${DEFAULT_DAYS} days)`)
    .addOption(CONFIG_OPTION())
    .addOption(SOCKET_OPTION())
    .addOption(JSON_OPTION())
    .action(async (id: string | undefined, options: ExplainOptions) => {
      try {
        process.exitCode = await run(id, options);
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

async function run(given: string | undefined, options: ExplainOptions): Promise<number> {
  if (given === undefined && options.last === undefined) return list(options);
  const explanation = await find(given, options);
  if (explanation === undefined) {
    say(
      given === undefined
        ? 'no recent request was stopped'
        : `the rules found nothing in a request ${given}, as far as is known here: it is too old, or it ended for another reason; its access record says which`,
    );
    return FAILED;
  }
  if (options.apply !== undefined) return apply(explanation, options);
  if (options.json === true) printJson(explanation);
  else printExplanation(explanation, callOf(options), print);
  return DONE;
}

function callOf({ config, socket, log }: ExplainOptions): string {
  return [
    ...(config === 'gatehouse.yaml' ? [] : [` -c ${config}`]),
    ...(socket === undefined ? [] : [` --socket ${socket}`]),
    ...(log === undefined ? [] : [` --log ${log}`]),
  ].join('');
}

async function list(options: ExplainOptions): Promise<number> {
  const findings = await fetchFindings(adminSocket(options));
  if (options.json === true) printJson(findings);
  else if (findings.length === 0) say('the rules found nothing lately');
  else
    for (const { time, requestId, verdict, score, method, path, rules } of findings) {
      print(`${time}  ${requestId}  ${verdict.padEnd(6)}  score ${score}  ${method} ${path}  ${rules.join(' ')}`);
    }
  return DONE;
}

/** From the log that is named, else from the running gateway; when none runs, from the log that it has written. */
async function find(given: string | undefined, options: ExplainOptions): Promise<Explanation | undefined> {
  if (options.log !== undefined) return fromLog(given, options.log);
  try {
    return await fromGateway(given, options);
  } catch (error) {
    const log = options.socket === undefined ? readConfig(options.config).logs.waf : false;
    if (typeof log !== 'object') throw error;
    say(`no gateway runs; this is from its log ${log.file}`);
    return fromLog(given, log.file);
  }
}

async function fromGateway(id: string | undefined, options: ExplainOptions): Promise<Explanation | undefined> {
  const socket = adminSocket(options);
  const wanted = id ?? (await fetchFindings(socket)).findLast(({ verdict }) => verdict !== 'pass')?.requestId;
  return wanted === undefined ? undefined : ((await explainRequest(socket, wanted)) ?? undefined);
}

function fromLog(id: string | undefined, file: string): Explanation | undefined {
  const findings = readFindings(file);
  const finding = findings.findLast(({ requestId, verdict }) =>
    id === undefined ? verdict !== 'pass' : requestId === id,
  );
  return finding === undefined ? undefined : explain(finding, findings);
}

function apply(explanation: Explanation, options: ExplainOptions): number {
  const { requestId, site, path, method, proposals } = explanation;
  const proposal = proposals.find(({ number }) => String(number) === options.apply);
  if (proposal === undefined || site === undefined) {
    const what = proposals.length === 0 ? 'there are none' : `there are 1 to ${proposals.length}`;
    throw new GatehouseError('config_invalid', 'gateway', `there is no proposal ${options.apply}; ${what}`);
  }
  const config: Config = readConfig(options.config);
  const { file, entries } = writeExceptions(config, options.config, { site, path, method }, proposal.exceptions, {
    reason: options.reason ?? reasonFor(requestId),
    expires: expiryOf(options.expires, Date.now()),
  });
  for (const entry of entries) print(`- ${entry}`);
  say(`written into ${file}; it acts after \`gatehouse reload\`, or at once where the gateway watches its file`);
  return DONE;
}
