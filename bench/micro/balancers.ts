// What choosing a server costs, by each way and for few servers and many; and of consistent hashing, which way keeps
// weights and moves the fewest keys. Weights are 1 and 2 by turns. Option: --save.
import { parseArgs } from 'node:util';
import type { Balancer } from '../../src/upstream/balance/candidate.ts';
import { Hashing, hashOf } from '../../src/upstream/balance/hash.ts';
import { LeastRequests } from '../../src/upstream/balance/least-requests.ts';
import { RandomTwo } from '../../src/upstream/balance/random-two.ts';
import { RoundRobin } from '../../src/upstream/balance/round-robin.ts';
import { saveResult } from '../rig/save.ts';
import { median } from '../rig/statistics.ts';
import { table } from '../rig/table.ts';
import { type Lookup, maglev, ring } from './balancers/ring.ts';
import { type Server, servers } from './balancers/servers.ts';

const COUNTS = [3, 16, 100];
const ROUNDS = 7;
const PICKS = 300_000;
const KEYS = Uint32Array.from({ length: 100_000 }, (_, i) => hashOf(`198.51.${i >> 8}.${i & 255}`));

const BALANCERS: Record<string, (all: readonly Server[]) => Balancer<Server>> = {
  'round-robin': () => new RoundRobin(),
  'least-requests': () => new LeastRequests(),
  'random-two': () => new RandomTwo(),
  'hash, bounded': (all) => new Hashing(all, 1.25),
};

const LOOKUPS: Record<string, (all: readonly Server[]) => Lookup> = {
  'rendezvous by table (ours)': (all) => {
    const hashing = new Hashing(all, undefined);
    hashing.use(all);
    return (key) => hashing.pick(key, []) as Server;
  },
  'ring of 100 points': (all) => ring(all, 100),
  'ring of 1000 points': (all) => ring(all, 1000),
  maglev,
};

const startedAt = new Date().toISOString();
const text = `# Balancers, ${startedAt.slice(0, 16).replace('T', ' ')} UTC\n
- Node ${process.version}, ${ROUNDS} rounds of ${PICKS} picks, median; weights 1 and 2 by turns\n
## Nanoseconds for a pick\n\n${picks()}
## Ways of consistent hashing, ${KEYS.length} keys\n\n${lookups()}`;
process.stdout.write(text);
const { values } = parseArgs({ options: { save: { type: 'boolean', default: false } } });
if (values.save) process.stderr.write(`written: ${saveResult('balancers', startedAt, text)}\n`);

function picks(): string {
  const rows: string[][] = Object.entries(BALANCERS).map(([name, make]) => [
    name,
    ...COUNTS.map((count) => {
      const all = servers(count);
      const balancer = make(all);
      balancer.use(all);
      return nanoseconds((key) => balancer.pick(key, []));
    }),
  ]);
  rows.push(['the hash of an address', ...COUNTS.map(() => nanoseconds((key) => hashOf(`198.51.100.${key & 255}`)))]);
  return tableOf(['', ...COUNTS.map((count) => `${count} servers`)], rows);
}

function lookups(): string {
  const header = ['', 'servers', 'ns a key', 'built in ms', 'worst share of its weight', 'moved in vain, of all keys'];
  const rows = COUNTS.flatMap((count) =>
    Object.entries(LOOKUPS).map(([name, make]) => {
      const all = servers(count);
      const begun = performance.now();
      const lookup = make(all);
      const builtMs = performance.now() - begun;
      const places = Array.from(KEYS, (key) => lookup(key));
      return [
        name,
        String(count),
        nanoseconds(lookup),
        builtMs.toFixed(1),
        worstShare(all, places),
        movedInVain(all, places, make),
      ];
    }),
  );
  return tableOf(header, rows);
}

/** How far the keys of a server lie from its weight, at worst. */
function worstShare(all: readonly Server[], places: readonly Server[]): string {
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  const shares = all.map(
    (server) => places.filter((place) => place === server).length / KEYS.length / (server.weight / total),
  );
  return shares.reduce((worst, share) => (Math.abs(share - 1) > Math.abs(worst - 1) ? share : worst), 1).toFixed(2);
}

/** Keys that change their server although it is still there, when another one goes. */
function movedInVain(
  all: readonly Server[],
  places: readonly Server[],
  make: (all: readonly Server[]) => Lookup,
): string {
  const gone = all[1] as Server;
  const lookup = make(all.filter((server) => server !== gone));
  const moved = places.filter((place, i) => place !== gone && lookup(KEYS[i] as number) !== place).length;
  return `${((100 * moved) / KEYS.length).toFixed(2)} %`;
}

function nanoseconds(act: (key: number) => unknown): string {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const begun = performance.now();
    for (let i = 0; i < PICKS; i++) act(KEYS[i % KEYS.length] as number);
    return ((performance.now() - begun) * 1e6) / PICKS;
  });
  return median(rounds.slice(1)).toFixed(0);
}

function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((title, at) => ({ title, value: (row: readonly string[]) => row[at] ?? '' }));
  return table(columns, rows);
}
