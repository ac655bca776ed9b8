// Gatehouse's engine as a side of the benchmark: the orders and answers of libmodsecurity.c, on stdin and stdout.
// Arguments: the rule files in order.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { BenchEngine } from './engine.ts';
import { openEngine } from './engine.ts';
import type { BenchRequest } from './request.ts';
import { RequestReader } from './request.ts';
import type { Checked, Measured } from './side.ts';

/** So many are made ready before the clock runs: strings as fresh as from a socket, without their making in the sum. */
const BATCH = 64;
const BATCH_BYTES = 2 * 2 ** 20;
/** By the clock, the making included: a very fast transaction ends before its time is used up. */
const MOST_TIMES = 4;

const opened = openEngine({ files: process.argv.slice(2) });
tell({ version: `Gatehouse engine, Node ${process.version}`, loadMs: cpuMicros() / 1000 });
opened.warmUp();

let loaded: { path: string; reader: RequestReader } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [, order, ms, path = ''] = /^(?:(measure) (\d+)|check) (.*)$/.exec(line) ?? [];
  tell(order === 'measure' ? measure(opened, readerOf(path), Number(ms)) : check(opened, readerOf(path)));
}

function readerOf(path: string): RequestReader {
  if (loaded?.path !== path) loaded = { path, reader: new RequestReader(readFileSync(path)) };
  return loaded.reader;
}

function measure(engine: BenchEngine, reader: RequestReader, milliseconds: number): Measured {
  let transactions = 0;
  let micros = 0;
  const endsAt = performance.now() + MOST_TIMES * milliseconds;
  while (micros < milliseconds * 1000 && performance.now() < endsAt) {
    const batch = readBatch(reader);
    const start = cpuMicros();
    for (const request of batch) engine.run(request);
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

function check(engine: BenchEngine, reader: RequestReader): Checked[] {
  reader.rewind();
  return Array.from({ length: reader.count }, () => {
    const request = reader.next();
    const start = cpuMicros();
    const { isBlocked, score, hits } = engine.run(request);
    return { isBlocked, score, cpuMs: (cpuMicros() - start) / 1000, hits };
  });
}

/** User and system time of all threads: garbage collection and compilation are part of the price. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function tell(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
