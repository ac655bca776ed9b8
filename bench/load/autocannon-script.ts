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
const { errors, timeouts, resets, duration } = await running;
// autocannon counts a timeout as an error too.
faults.add('errors', errors - timeouts);
faults.add('timeouts', timeouts);
faults.add('connections closed in mid-request', resets);
tell({ seconds: duration, latenciesMs, faults: faults.counts });
