// A run as tables. Ratios are taken within a round; a fault stands above all figures.
import type { Measurement } from '../load/live.ts';
import { machineLines } from '../rig/machine.ts';
import { median, withinRounds } from '../rig/statistics.ts';
import { figure, mebibytes, table } from '../rig/table.ts';
import type { BenchResult, CaseResult, SideResult } from './bench.ts';
import type { EndToEnd } from './end-to-end.ts';
import { GATEWAY, NGINX } from './peers.ts';
import { ENGINE, LIBMODSECURITY } from './sides.ts';

export function render(result: BenchResult): string {
  const { startedAt, rules, rounds, seconds, machine, neighbours, sides, skipped, cases, endToEnd, faults } = result;
  const levels = [...new Set([...cases, ...endToEnd].map(({ paranoia }) => paranoia))];
  return [
    `# Rule engine, ${startedAt.slice(0, 16).replace('T', ' ')} UTC\n`,
    list([
      ...machineLines(machine, neighbours),
      `Rules: ${rules}; ${rounds} interleaved rounds of ${seconds} s of CPU time for each side and case`,
      'A transaction: all phases of one request and its answer, bodies parsed, scored and logged; no server around it',
      ...skipped.map((words) => `SKIPPED: ${words}`),
    ]),
    faults.length === 0 ? '' : `## FAULTS\n\n${list(faults)}`,
    '## Start and memory\n',
    startTable(sides),
    ...levels.flatMap((level) => [
      `## CPU microseconds for one transaction, paranoia ${level}\n`,
      caseTable(cases.filter(({ paranoia }) => paranoia === level)),
    ]),
    ...levels.flatMap((level) => {
      const rows = endToEnd.filter(({ paranoia }) => paranoia === level);
      return rows.length === 0 ? [] : [`## Servers under load, new values, paranoia ${level}\n`, loadTable(rows)];
    }),
  ].join('\n');
}

function startTable(sides: readonly SideResult[]): string {
  return table<SideResult>(
    [
      { title: 'side', value: ({ name }) => name },
      { title: 'paranoia', value: ({ paranoia }) => String(paranoia) },
      { title: 'CPU ms to load', value: ({ loadMs }) => figure(loadMs) },
      { title: 'idle RSS MiB', value: ({ idleRssBytes }) => mebibytes(idleRssBytes) },
      { title: 'version', value: ({ version }) => version },
    ],
    sides,
  );
}

function caseTable(results: readonly CaseResult[]): string {
  const of = ({ rounds }: CaseResult, side: string): (number | undefined)[] => rounds.map((round) => round[side]);
  const ratios = (result: CaseResult): number[] => withinRounds(of(result, ENGINE), of(result, LIBMODSECURITY));
  return table<CaseResult>(
    [
      { title: 'case', value: ({ name }) => name },
      { title: 'values', value: ({ isNew }) => (isNew ? 'new' : 'repeated') },
      { title: ENGINE, value: (result) => figure(medianOf(of(result, ENGINE))) },
      { title: LIBMODSECURITY, value: (result) => figure(medianOf(of(result, LIBMODSECURITY))) },
      { title: 'times less', value: (result) => figure(1 / median(ratios(result))) },
      { title: 'in rounds', value: (result) => inverses(ratios(result)) },
      { title: 'what', value: ({ title }) => title },
    ],
    results,
  );
}

function loadTable(results: readonly EndToEnd[]): string {
  const of = ({ rounds }: EndToEnd, server: string): (number | undefined)[] =>
    rounds.map((round) => cpuPer10k(round[server]));
  const ratios = (result: EndToEnd): number[] => withinRounds(of(result, GATEWAY), of(result, NGINX));
  const perSecond = ({ rounds }: EndToEnd, server: string): number =>
    medianOf(rounds.map((round) => round[server]).map((found) => found && found.requests / found.seconds));
  return table<EndToEnd>(
    [
      { title: 'case', value: ({ name }) => name },
      { title: `${GATEWAY} CPU s/10k`, value: (result) => figure(medianOf(of(result, GATEWAY))) },
      { title: `${NGINX} CPU s/10k`, value: (result) => figure(medianOf(of(result, NGINX))) },
      { title: 'times less', value: (result) => figure(1 / median(ratios(result))) },
      { title: 'in rounds', value: (result) => inverses(ratios(result)) },
      { title: `${GATEWAY} requests/s`, value: (result) => figure(perSecond(result, GATEWAY)) },
      { title: `${NGINX} requests/s`, value: (result) => figure(perSecond(result, NGINX)) },
    ],
    results,
  );
}

/** A measurement with a fault gives no figure: a server that fails is often fast. */
function cpuPer10k(found: Measurement | undefined): number | undefined {
  return found?.faults.length === 0 ? (found.cpuSeconds / found.requests) * 10_000 : undefined;
}

function medianOf(values: readonly (number | undefined)[]): number {
  return median(values.filter((value) => value !== undefined));
}

function inverses(ratios: readonly number[]): string {
  return ratios.map((ratio) => figure(1 / ratio)).join(' ') || '-';
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line.replaceAll('\n', '\n  ')}\n`).join('');
}
