// The laboratory: how many attacks a rule set stops and how many honest requests it lets through.
import type { RuleSource } from '../../../src/config/config.ts';
import { type Attack, attacks } from './attacks.ts';
import { openJudge } from './engine.ts';
import { type Honest, honest, skippedSources } from './honest/kinds.ts';
import { type Options, readOptions } from './options.ts';
import { printCases, printTable, type Seen } from './report.ts';

interface Side {
  readonly name: string;
  readonly source: RuleSource;
  readonly paranoia: number;
}

function main(options: Options): void {
  const bad = attacks(options.only);
  const good = honest(options.only);
  if (bad.length + good.length === 0) throw new Error(`there is no class or kind ${options.only}`);
  const sides: Side[] = [
    { name: 'core', source: { core: true } as const },
    ...options.rules.map((folder) => ({ name: folder, source: { crs: folder } })),
  ].flatMap((side) => options.paranoia.map((paranoia) => ({ ...side, paranoia })));
  for (const side of sides) {
    const judge = openJudge(side.source, side.paranoia);
    const startedAt = performance.now();
    const seenBad = bad.map((attack): Seen<Attack> => ({ item: attack, ...judge(attack.request) }));
    const seenGood = good.map((each): Seen<Honest> => ({ item: each, ...judge(each.request) }));
    const perSecond = Math.round(((bad.length + good.length) / (performance.now() - startedAt)) * 1000);
    if (options.list === undefined)
      printTable(`${side.name}, paranoia ${side.paranoia}`, seenBad, seenGood, options, perSecond);
    else printCases(options.list, seenBad, seenGood, options.limit);
  }
  for (const source of skippedSources()) process.stderr.write(`SKIPPED nothing at ${source}\n`);
}

main(readOptions(process.argv.slice(2)));
