// The laboratory: how many attacks a rule set stops and how many honest requests it lets through.
import type { RuleSource } from '../../../src/config/model/waf.ts';
import { type Attack, attacks } from './attacks.ts';
import { openJudge } from './engine.ts';
import { type Honest, honest, skippedSources } from './honest/kinds.ts';
import { LiveGateway } from './live.ts';
import { type Options, readOptions } from './options.ts';
import { Random } from './random.ts';
import { printCases, printTable, type Seen } from './report.ts';

interface Side {
  readonly name: string;
  readonly source: RuleSource;
  readonly paranoia: number;
}

async function main(options: Options): Promise<void> {
  const bad = attacks(options.only, options.padded);
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
  if (options.live > 0) await compare(options, bad, good);
  for (const source of skippedSources()) process.stderr.write(`SKIPPED nothing at ${source}\n`);
}

/** A sample of both sorts through a gateway; told is what comes out otherwise than in process. */
async function compare(options: Options, bad: readonly Attack[], good: readonly Honest[]): Promise<void> {
  const random = new Random('live');
  const sample = [random.shuffled(bad).slice(0, options.live), random.shuffled(good).slice(0, options.live)].flat();
  for (const paranoia of options.paranoia) {
    const judge = openJudge({ core: true }, paranoia);
    await using live = await LiveGateway.start(paranoia);
    const stopped = await live.judge(sample.map(({ request }) => request));
    const inProcess = sample.map(({ request }) => judge(request).isStopped);
    const other = sample.filter((_, i) => stopped[i] !== inProcess[i]);
    process.stdout.write(
      `\nthrough a gateway, paranoia ${paranoia}: ${sample.length} requests, ${other.length} otherwise\n`,
    );
    for (const item of other.slice(0, options.limit)) {
      const isStopped = stopped[sample.indexOf(item)] === true;
      const name = 'group' in item ? item.group : item.kind;
      const text = 'isExam' in item && item.isExam ? '(exam)' : JSON.stringify(item.text.slice(0, 160));
      process.stdout.write(`  ${isStopped ? 'stopped' : 'passed'} there: ${name} ${item.placement} ${text}\n`);
    }
  }
}

await main(readOptions(process.argv.slice(2)));
