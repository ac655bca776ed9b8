// Runs autocannon. Its own percentiles are in whole milliseconds, so latencies are taken from its events.
import autocannon from 'autocannon';
import { HOST } from '../rig/workspace.ts';
import type { AutocannonPlan } from './autocannon.ts';
import { CIPHER } from './h2load.ts';
import { FaultCount, readOrders, tell } from './tool.ts';

const { plan, port, seconds } = readOrders<AutocannonPlan>();
const faults = new FaultCount();
const latenciesMs: number[] = [];

const running = autocannon({
  url: `https://127.0.0.1:${port}${plan.path}`,
  connections: plan.connections,
  duration: seconds,
  headers: { host: `${HOST}:${port}` },
  servername: HOST,
  tlsOptions: { ciphers: CIPHER, minVersion: 'TLSv1.3' },
});
running.on('response', (_client, status, _bytes, ms) => {
  if (status < 200 || status > 399) faults.add(`answers with ${status}`);
  else latenciesMs.push(ms);
});
const { errors, timeouts, duration, requests } = await running;
const answered = latenciesMs.length + Object.values(faults.counts).reduce((sum, count) => sum + count, 0);
// autocannon counts a timeout as an error too, and connects again without a word when it is hung up on.
faults.add('timeouts', timeouts);
faults.add('errors', errors - timeouts);
faults.add('requests lost with their connection', requests.sent - answered - errors - plan.connections);
tell({ seconds: duration, latenciesMs, faults: faults.counts });
