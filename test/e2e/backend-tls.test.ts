// TLS to the backend: an authority of the operator's own, a client certificate, a server name.
import { writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { temporaryFolder } from '../support/cli.ts';
import { describeProtocols, request } from '../support/client.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { callOne, dialGrpc, startGrpc } from '../support/grpc.ts';
import { messageOf } from '../support/websocket.ts';
import { startGateway } from '../support/world.ts';
import { makeAuthority, makeLeaf } from '../tls/material.ts';

interface Secrets {
  /** The group's `tls` section. */
  readonly tls: string;
  readonly server: { readonly key: string; readonly cert: string; readonly ca: string };
}

async function makeSecrets(): Promise<Secrets> {
  const folder = await temporaryFolder();
  const authority = makeAuthority('The company');
  const leaf = makeLeaf(['app.internal'], { issuer: authority });
  const clients = new ClientAuthority('Callers');
  const caller = clients.client('the gateway');
  const file = (name: string, pem: string): string => {
    writeFileSync(path.join(folder, name), pem);
    return JSON.stringify(path.join(folder, name));
  };
  const ca = file('ca.pem', authority.certPem);
  const [cert, key] = [file('caller.pem', caller.cert), file('caller.key', caller.key)];
  return {
    tls: `{ ca: ${ca}, cert: ${cert}, key: ${key}, serverName: app.internal }`,
    server: { key: leaf.keyPem, cert: leaf.certPem, ca: clients.certPem },
  };
}

interface SecureServer {
  readonly url: string;
  readonly server: http2.Http2SecureServer;
  readonly seen: string[];
}

/** Asks its clients for certificates, and notes what they asked for and who they were. */
async function startSecure({ server: secrets }: Secrets): Promise<SecureServer> {
  const seen: string[] = [];
  const server = http2.createSecureServer({
    ...secrets,
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('request', ({ httpVersion }, response) => response.end(httpVersion));
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.push(
      `${String(socket.getPeerCertificate().subject.CN)} ${String((socket as { servername?: string }).servername)}`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { server, seen, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const group = (url: string, tls: string, protocol = 'auto'): string => `
upstreams: { app: { servers: ["${url}"], tls: ${tls}, protocol: ${protocol}, connectTimeout: 1m } }
sites: { localhost: { to: app } }`;

describeProtocols('a request', (over) => {
  test.for([
    ['auto', '2.0'],
    ['h2', '2.0'],
    ['http1', '1.1'],
  ] as const)('reaches a backend that asks for a certificate (protocol: %s)', async ([protocol, version]) => {
    const secrets = await makeSecrets();
    const { url, seen } = await startSecure(secrets);
    const world = await startGateway(group(url, secrets.tls, protocol));
    expect(await request(over, world)).toMatchObject({ status: 200, body: version });
    expect(seen).toEqual(['the gateway app.internal']);
  });

  test.for([
    ['no authority', (tls: string) => tls.replace(/ca: "[^"]*", /, '')],
    ['no certificate', (tls: string) => tls.replace(/cert: .*key: "[^"]*", /, '')],
    ['another name', (tls: string) => tls.replace('app.internal', 'other.internal')],
  ] as const)('gets 502 at once with %s', async ([, change]) => {
    const secrets = await makeSecrets();
    const { url } = await startSecure(secrets);
    const world = await startGateway(group(url, change(secrets.tls)));
    expect((await request(over, world)).status).toBe(502);
  });
});

test('a WebSocket goes the same way', async () => {
  const secrets = await makeSecrets();
  const { url, server, seen } = await startSecure(secrets);
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (incoming, socket, head) => {
    sockets.handleUpgrade(incoming, socket, head, (opened) => opened.send('welcome'));
  });
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
  });
  const world = await startGateway(group(url, secrets.tls));
  const socket = new WebSocket(`wss://localhost:${world.port}/`, { ca: world.ca });
  expect(await messageOf(socket)).toBe('welcome');
  expect(seen).toEqual(['the gateway app.internal']);
  socket.terminate();
});

test('a gRPC call goes the same way', async () => {
  const { tls, server } = await makeSecrets();
  const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.cert) };
  const credentials = grpc.ServerCredentials.createSsl(Buffer.from(server.ca), [pair], true);
  const { port } = await startGrpc({ one: (call, done) => done(null, call.request) }, credentials);
  const world = await startGateway(group(`https://127.0.0.1:${port}`, tls, 'h2'));
  expect((await callOne(dialGrpc(world), 'over TLS')).text).toBe('over TLS');
});
