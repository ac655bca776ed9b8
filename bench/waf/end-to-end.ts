// Whole servers with rules under load: the cases' own requests, with new values, over TLS and HTTP/1.1.
import { writeFileSync } from 'node:fs';
import type { Driver } from '../load/driver.ts';
import type { Measurement, Stage } from '../load/live.ts';
import { LiveSystem } from '../load/live.ts';
import { scriptDriver } from '../load/tool.ts';
import { startBackend } from '../rig/backend.ts';
import { HOST } from '../rig/workspace.ts';
import type { Run } from './bench.ts';
import type { Case } from './cases.ts';
import { writeRequests } from './cases.ts';
import { serversWithRules } from './peers.ts';
import type { BenchRequest } from './request.ts';
import { encodeRequests } from './request.ts';
import { filesOf } from './rule-files.ts';
import type { WirePlan } from './wire-script.ts';

const CONNECTIONS = 16;
/** For cases with long bodies: the last answer must come within the generator's time. */
const FEW_CONNECTIONS = 2;
const LONG_BODY_BYTES = 64 * 1024;
const SECONDS = 3;
/** V8 optimizes for some seconds; what a server costs in its first ones is not what it costs. */
const WARM_UP_SECONDS = 6;

/** A case at one paranoia level; the figures of each round by the server's name. */
export interface EndToEnd {
  readonly name: string;
  readonly title: string;
  readonly paranoia: number;
  readonly rounds: readonly Readonly<Record<string, Measurement>>[];
}

/** `skip`: told of each server that is left out. */
export async function runEndToEnd(run: Run, skip: (words: string) => void): Promise<EndToEnd[]> {
  const { options, rules, workspace, cores, signal, progress, fault } = run;
  await using backend = await startBackend(workspace, cores.load);
  const stage: Stage = { workspace, backendPort: backend.port, core: cores.underTest, allCores: cores.all, signal };
  const drivers = new Map(options.cases.map((entry) => [entry, driverOf(entry, run)]));
  const results: EndToEnd[] = [];
  for (const paranoia of options.paranoia) {
    await using running = new AsyncDisposableStack();
    const live: LiveSystem[] = [];
    for (const system of serversWithRules(filesOf(rules, paranoia, workspace), paranoia)) {
      if (system.version() === undefined) {
        const words = `under load: ${system.name} is not installed`;
        if (paranoia === options.paranoia[0]) {
          progress(`SKIPPED: ${words}`);
          skip(words);
        }
        continue;
      }
      try {
        live.push(running.use(await LiveSystem.start(system, stage)));
      } catch (error) {
        signal.throwIfAborted();
        fault(`under load, paranoia ${paranoia}: ${(error as Error).message}`);
      }
    }
    for (const [{ name, title }, drive] of drivers) {
      const measure = async (system: LiveSystem, when: string, seconds: number): Promise<Measurement> => {
        const measurement = await system.measure(drive, { seconds, requestsPerSecond: undefined });
        const perSecond = Math.round(measurement.requests / measurement.seconds);
        progress(`under load, ${name}, paranoia ${paranoia}, ${when}: ${system.name} ${perSecond} requests/s`);
        for (const words of measurement.faults) fault(`under load, ${name}, ${when}: ${system.name}: ${words}`);
        return measurement;
      };
      for (const system of live) await measure(system, 'warm-up', WARM_UP_SECONDS);
      const rounds: Record<string, Measurement>[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        const figures: Record<string, Measurement> = {};
        for (const system of live) figures[system.name] = await measure(system, `round ${round}`, SECONDS);
        rounds.push(figures);
      }
      if (live.length > 0) results.push({ name, title, paranoia, rounds });
    }
  }
  return results;
}

function driverOf(entry: Case, { workspace }: Run): Driver {
  const file = workspace.file(`${entry.name}-wire.requests`);
  const requests = writeRequests(entry, true).map(forBackend);
  writeFileSync(file, encodeRequests(requests));
  const isLong = requests.some(({ body }) => body.length > LONG_BODY_BYTES);
  const plan: WirePlan = {
    file,
    connections: isLong ? FEW_CONNECTIONS : CONNECTIONS,
    status: entry.isAttack ? 403 : 200,
  };
  return scriptDriver('../waf/wire-script.ts', plan);
}

/** To the names that the backend has. */
function forBackend(request: BenchRequest): BenchRequest {
  const { method, target, headers } = request;
  const query = target.indexOf('?') < 0 ? '' : target.slice(target.indexOf('?'));
  return {
    ...request,
    target: `${method === 'POST' ? '/post' : '/1k'}${query}`,
    headers: headers.map(([name, value]) => [name, name === 'host' ? HOST : value]),
  };
}
