// The server behind the peer named fastify. Arguments: certificate, key, the backend's port, its own port.
import { readFileSync } from 'node:fs';
import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { KEPT_CONNECTIONS, STREAMS_PER_CONNECTION } from '../system.ts';

const [cert = '', key = '', backendPort = '', port = ''] = process.argv.slice(2);

const server = Fastify({
  logger: false,
  http2: true,
  https: {
    allowHTTP1: true,
    cert: readFileSync(cert),
    key: readFileSync(key),
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: STREAMS_PER_CONNECTION },
  },
});
await server.register(httpProxy, {
  upstream: `http://127.0.0.1:${backendPort}`,
  undici: { connections: KEPT_CONNECTIONS },
});
await server.listen({ host: '127.0.0.1', port: Number(port) });
