// Gatehouse's engine as a side of the benchmark: the orders and answers of libmodsecurity.c, on stdin and stdout.
// Arguments: the rule files in order; `--bounded` and `--detect` as in BenchOptions.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { BenchEngine } from './engine.ts';
import { openEngine } from './engine.ts';
import type { BenchRequest } from './request.ts';
import { RequestReader } from './request.ts';
import type { Checked, Measured } from './side.ts';
import { TurnWatch } from './turn-watch.ts';

/** So many are made ready before the clock runs: strings as fresh as from a socket, without their making in the sum. */
const BATCH = 64;
const BATCH_BYTES = 2 * 2 ** 20;
/** By the clock, the making included: a very fast transaction ends before its time is used up. */
const MOST_TIMES = 4;

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { bounded: { type: 'boolean', default: false }, detect: { type: 'boolean', default: false } },
});
const opened = openEngine({ files, isBounded: values.bounded, detects: values.detect });
tell({ version: `Gatehouse engine, Node ${process.version}`, loadMs: cpuMicros() / 1000 });
opened.warmUp();

let loaded: { path: string; reader: RequestReader } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [, order, ms, path = ''] = /^(?:(measure) (\d+)|check) (.*)$/.exec(line) ?? [];
  tell(await (order === 'measure' ? measure(opened, readerOf(path), Number(ms)) : check(opened, readerOf(path))));
}

function readerOf(path: string): RequestReader {
  if (loaded?.path !== path) loaded = { path, reader: new RequestReader(readFileSync(path)) };
  return loaded.reader;
}

async function measure(engine: BenchEngine, reader: RequestReader, milliseconds: number): Promise<Measured> {
  let transactions = 0;
  let micros = 0;
  const endsAt = performance.now() + MOST_TIMES * milliseconds;
  while (micros < milliseconds * 1000 && performance.now() < endsAt) {
    const batch = readBatch(reader);
    const start = cpuMicros();
    for (const request of batch) await engine.run(request);
    micros += cpuMicros() - start;
    transactions += batch.length;
  }
  return { transactions, cpuSeconds: micros / 1e6 };
}

function readBatch(reader: RequestReader): BenchRequest[] {
  const batch: BenchRequest[] = [];
  for (let bytes = 0; batch.length < BATCH && bytes < BATCH_BYTES; ) {
    const request = reader.next();
    bytes += request.body.length;
    batch.push(request);
  }
  return batch;
}

async function check(engine: BenchEngine, reader: RequestReader): Promise<Checked[]> {
  reader.rewind();
  const all: Checked[] = [];
  while (all.length < reader.count) {
    const request = reader.next();
    const watch = new TurnWatch();
    const start = cpuMicros();
    const { isBlocked, score, hits } = await engine.run(request);
    const cpuMs = (cpuMicros() - start) / 1000;
    all.push({ isBlocked, score, cpuMs, longestMs: watch.end(), hits });
  }
  return all;
}

/** User and system time of all threads: garbage collection and compilation are part of the price. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function tell(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
