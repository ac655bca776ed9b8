// The slowest inputs as a table, the slowest first.
import { machineLines } from '../rig/machine.ts';
import { figure, table } from '../rig/table.ts';
import { ENGINE, LIBMODSECURITY } from './sides.ts';
import type { Worst, WorstResult } from './worst.ts';

export function renderWorst(result: WorstResult): string {
  const { startedAt, rules, machine, neighbours, skipped, detects, timeoutMs, levels, faults } = result;
  return [
    `# Rule engine, slowest inputs, ${startedAt.slice(0, 16).replace('T', ' ')} UTC\n`,
    list([
      ...machineLines(machine, neighbours),
      `Rules: ${rules}; inputs as long as the gateway's default bounds let them be`,
      `CPU milliseconds of one transaction; of each kind the slowest input that ${ENGINE} met, in whatever place`,
      'first, second: in a process that had seen the inputs before it in the list; fresh: one that had not',
      'costliest file: what it adds when it is loaded alone with the initialization',
      ...(detects ? [`${ENGINE} blocks nothing, and reads every body to its end`] : []),
      'longest hold: the first time, what others waited at most for their turn of the event loop',
      `${LIBMODSECURITY} is stopped after ${timeoutMs} ms by the clock`,
      ...skipped.map((words) => `SKIPPED: ${words}`),
    ]),
    faults.length === 0 ? '' : `## FAULTS\n\n${list(faults)}`,
    ...levels.flatMap(({ paranoia, inputs, kinds, rules: slowest }) => [
      `## Paranoia ${paranoia}, ${inputs} inputs\n`,
      kindTable(kinds, timeoutMs),
      ...(slowest.length === 0 ? [] : [`### Rules with the slowest inputs of their own\n`, ruleTable(slowest)]),
    ]),
  ].join('\n');
}

function kindTable(kinds: readonly Worst[], timeoutMs: number): string {
  const modsecurity = ({ modsecurityMs }: Worst): string =>
    modsecurityMs === Infinity ? `> ${timeoutMs}` : figure(modsecurityMs);
  return table<Worst>(
    [
      { title: 'kind', value: ({ kind }) => kind.replaceAll('|', '\\|') },
      { title: 'place', value: ({ place }) => place },
      { title: 'KiB', value: ({ bytes }) => figure(bytes / 1024) },
      { title: 'rule', value: ({ rule }) => (rule === undefined ? '' : String(rule)) },
      { title: `${ENGINE} first`, value: ({ firstMs }) => figure(firstMs) },
      { title: 'second', value: ({ secondMs }) => figure(secondMs) },
      { title: 'longest hold', value: ({ longestMs }) => figure(longestMs) },
      { title: 'fresh', value: ({ freshMs }) => figure(freshMs) },
      { title: LIBMODSECURITY, value: modsecurity },
      { title: 'costliest file', value: ({ file }) => (file === undefined ? '-' : `${file.name} ${figure(file.ms)}`) },
    ],
    kinds,
  );
}

function ruleTable(rules: readonly Worst[]): string {
  return table<Worst>(
    [
      { title: 'rule', value: ({ rule }) => String(rule) },
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'KiB', value: ({ bytes }) => figure(bytes / 1024) },
      { title: `${ENGINE} first`, value: ({ firstMs }) => figure(firstMs) },
      { title: 'second', value: ({ secondMs }) => figure(secondMs) },
    ],
    rules,
  );
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line.replaceAll('\n', '\n  ')}\n`).join('');
}
