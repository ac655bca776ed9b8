// Measures one client in a process of its own, so that none runs in code and memory that another has warmed or worn.
// Arguments: its orders as JSON. Prints what it found as JSON.
import { CONNECTIONS, jobOf } from './client.ts';
import { clients } from './clients.ts';

export interface Orders {
  readonly client: string;
  readonly job: string;
  readonly port: number;
  readonly postBody: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Found {
  readonly requests: number;
  readonly seconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const open = clients[orders.client];
if (open === undefined) throw new Error(`there is no client "${orders.client}"`);
const client = open(orders.port);
const job = jobOf(orders.job, orders.postBody);

await sendFor(orders.warmUpMs);
const startedAt = performance.now();
const before = process.cpuUsage();
const requests = await sendFor(orders.measureMs);
const { user, system } = process.cpuUsage(before);
const found: Found = { requests, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 };
process.stdout.write(JSON.stringify(found));
await client.close();

/** Each lane sends its next request when it has its answer. */
async function sendFor(ms: number): Promise<number> {
  const until = performance.now() + ms;
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) {
      const bytes = await client.send(job);
      if (bytes !== job.answerBytes) throw new Error(`an answer of ${bytes} bytes instead of ${job.answerBytes}`);
      sent++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return sent;
}
