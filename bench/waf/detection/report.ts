// Figures and cases, for people.
import type { Attack } from './attacks.ts';
import type { Verdict } from './engine.ts';
import type { Honest } from './honest/kinds.ts';
import type { Options } from './options.ts';

export type Seen<T> = Verdict & { readonly item: T };

interface Line {
  readonly name: string;
  readonly total: number;
  readonly hits: number;
}

export function printTable(
  title: string,
  bad: readonly Seen<Attack>[],
  good: readonly Seen<Honest>[],
  { by, json }: Options,
  perSecond: number,
): void {
  const nameOf = ({ item }: Seen<Attack>): string => (by === 'class' ? item.group : item[by]);
  const work = lines(
    bad.filter(({ item }) => !item.isExam),
    nameOf,
    true,
  );
  const exam = lines(
    bad.filter(({ item }) => item.isExam),
    nameOf,
    true,
  );
  const honest = lines(good, ({ item }) => item.kind, false);
  const means = { attacks: mean(work), exam: mean(exam), honest: mean(honest) };
  if (json) {
    process.stdout.write(`${JSON.stringify({ title, perSecond, means, attacks: work, exam, honest })}\n`);
    return;
  }
  const examOf = new Map(exam.map((line) => [line.name, line]));
  const rows = [
    `\n${title} (${perSecond} requests a second)`,
    `  ${'attacks stopped'.padEnd(18)}${'work'.padStart(16)}${'exam'.padStart(16)}`,
    ...work.map(
      (line) => `  ${line.name.padEnd(18)}${share(line).padStart(16)}${share(examOf.get(line.name)).padStart(16)}`,
    ),
    `  ${'mean'.padEnd(18)}${percent(means.attacks).padStart(16)}${percent(means.exam).padStart(16)}`,
    `  honest passed`,
    ...honest.map((line) => `  ${line.name.padEnd(18)}${share(line).padStart(16)}`),
    `  ${'mean'.padEnd(18)}${percent(means.honest).padStart(16)}`,
  ];
  process.stdout.write(`${rows.join('\n')}\n`);
}

function lines<T>(seen: readonly Seen<T>[], nameOf: (each: Seen<T>) => string, wanted: boolean): Line[] {
  const groups = Map.groupBy(seen, nameOf);
  return Array.from(groups, ([name, members]) => ({
    name,
    total: members.length,
    hits: members.filter(({ isStopped }) => isStopped === wanted).length,
  }));
}

function mean(all: readonly Line[]): number {
  return all.reduce((sum, { hits, total }) => sum + hits / total, 0) / Math.max(1, all.length);
}

function share(line: Line | undefined): string {
  return line === undefined ? '-' : `${line.hits}/${line.total} ${percent(line.hits / line.total)}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

const SHOWN = 300;

/** What is part of the exam is never shown. */
export function printCases(
  list: 'missed' | 'false',
  bad: readonly Seen<Attack>[],
  good: readonly Seen<Honest>[],
  limit: number,
): void {
  const cases =
    list === 'missed'
      ? bad
          .filter(({ isStopped, item }) => !isStopped && !item.isExam)
          .map(({ item, hits }) => ({
            head: `${item.group} ${item.placement} ${item.encoding}`,
            text: item.text,
            hits,
          }))
      : good
          .filter(({ isStopped }) => isStopped)
          .map(({ item, hits }) => ({ head: `${item.kind} ${item.placement}`, text: item.text, hits }));
  for (const { head, text, hits } of cases.slice(0, limit)) {
    process.stdout.write(`${head} [${hits.join(', ')}]\n    ${JSON.stringify(text.slice(0, SHOWN))}\n`);
  }
  process.stdout.write(`${cases.length} in all\n`);
}
