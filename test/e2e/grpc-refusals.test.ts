// What a gRPC client gets when the gateway itself answers: a status of gRPC, and not a page.
import grpc from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { request } from '../support/client.ts';
import { callOne, dialGrpc, startGrpc } from '../support/grpc.ts';
import { startGateway } from '../support/world.ts';

const CALL = {
  method: 'POST',
  path: '/Notes/one',
  headers: { 'content-type': 'application/grpc', te: 'trailers' },
  body: '',
};

const CASES = [
  {
    why: 'no such route',
    yaml: 'sites: { localhost: { routes: [{ match: { path: /x }, to: "http://127.0.0.1:1" }] } }',
    status: 404,
    code: 'UNIMPLEMENTED',
  },
  {
    why: 'an address that is kept out',
    yaml: 'sites: { localhost: { to: "http://127.0.0.1:1", access: { deny: [127.0.0.0/8] } } }',
    status: 403,
    code: 'PERMISSION_DENIED',
  },
  {
    why: 'a server that is not there',
    yaml: 'upstreams: { app: { servers: ["http://127.0.0.1:1"], protocol: h2 } }\nsites: { localhost: { to: app } }',
    status: 502,
    code: 'UNAVAILABLE',
  },
] as const;

test.for(CASES)('$why', async ({ yaml, status, code }) => {
  const world = await startGateway(yaml);
  await expect(callOne(dialGrpc(world), 'x')).rejects.toMatchObject({
    code: grpc.status[code],
    details: expect.stringMatching(new RegExp(`^${status} [A-Z].*\\. Request [\\w-]+$`)),
  });
  const answer = await request('h2', world, CALL);
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/grpc', 'grpc-status': String(grpc.status[code]) },
    body: '',
  });
  expect(answer.headers['content-length']).toBeUndefined();
  const records = await world.accessRecords(2);
  expect(records.map((record) => record.status)).toEqual([status, status]);
  // A type alone makes no gRPC call.
  const page = await request('http/1.1', world, { ...CALL, headers: { 'content-type': 'application/grpc' } });
  expect(page.status).toBe(status);
});

test('calls beyond a limit', async () => {
  const server = await startGrpc({ one: (call, done) => done(null, call.request) });
  const world = await startGateway(`
upstreams: { notes: { servers: ["http://127.0.0.1:${server.port}"], protocol: h2 } }
sites: { localhost: { to: notes, limits: [{ name: few, rate: 1/h }] } }`);
  const client = dialGrpc(world);
  expect((await callOne(client, 'x')).text).toBe('x');
  await expect(callOne(client, 'x')).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
});
