// Two workers on one port, by one of the ways there are; for `../accepting.ts`. Arguments: way, port, certificate, key.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [, , way = '', port = '', cert = '', key = ''] = process.argv;
const WORKERS = 2;

if (cluster.isPrimary) {
  cluster.schedulingPolicy = way === 'round robin' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const workers = Array.from({ length: WORKERS }, () => cluster.fork());
  let listening = 0;
  // A socket of a worker's own is no event of the cluster's.
  cluster.on('message', () => {
    if (++listening === WORKERS) process.send?.(workers.map(({ process: { pid } }) => pid));
  });
} else {
  const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => {
    response.setHeader('x-pid', process.pid).end('ok');
  });
  server.keepAliveTimeout = 1;
  const address = { port: Number(port), host: '127.0.0.1' };
  server.listen({ ...address, ...(way === 'reusePort' ? { reusePort: true } : {}) }, () => process.send?.('listening'));
}
