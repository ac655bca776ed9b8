// gRPC's own client and server, with the gateway between them.
import grpc from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import {
  callOne,
  dialGrpc,
  type GrpcServer,
  type Handlers,
  type Note,
  type NotesClient,
  outcomeOf,
  startGrpc,
} from '../support/grpc.ts';
import { type GuardedWorld, startGuarded } from '../support/guarded.ts';
import { startGateway, type World } from '../support/world.ts';

interface Scene {
  readonly client: NotesClient;
  readonly server: GrpcServer;
  readonly world: World;
}

async function between(handlers: Handlers, timeouts = ''): Promise<Scene> {
  const server = await startGrpc(handlers);
  const world = await startGateway(`
${timeouts === '' ? '' : `timeouts: { ${timeouts} }`}
upstreams: { notes: { servers: ["http://127.0.0.1:${server.port}"], protocol: h2 } }
sites: { localhost: { to: notes } }`);
  return { server, world, client: dialGrpc(world) };
}

/** Says each note back, and ends when the client does. */
const echo: Handlers['talk'] = (call) => {
  call.on('data', (note) => call.write(note));
  call.on('end', () => call.end());
};

function sayLast(call: { write(note: Note): unknown; end(): unknown }, note: Note): void {
  call.write(note);
  call.end();
}

describe('a call', () => {
  test('of one message brings fields, message and trailers over, bytes and repeated ones too', async () => {
    const { client } = await between({
      one(call, done) {
        const head = new grpc.Metadata();
        head.add('x-seen', call.metadata.get('x-asked').join(', '));
        head.add('x-bytes-bin', call.metadata.get('x-bytes-bin')[0] as Buffer);
        call.sendMetadata(head);
        const trailers = new grpc.Metadata();
        trailers.add('x-t', 'one');
        trailers.add('x-t', 'two');
        trailers.add('x-t-bin', Buffer.from([0, 255, 10]));
        done(null, { text: `${call.request.text}!` }, trailers);
      },
    });
    const asked = new grpc.Metadata();
    asked.add('x-asked', 'a');
    asked.add('x-asked', 'b');
    asked.add('x-bytes-bin', Buffer.from([1, 0, 200]));
    const answer = await callOne(client, 'Grüße', {}, asked);
    expect(answer.text).toBe('Grüße!');
    expect(answer.metadata.get('x-seen')).toEqual(['a, b']);
    expect(answer.metadata.get('x-bytes-bin')).toEqual([Buffer.from([1, 0, 200])]);
    expect(answer.trailers.get('x-t').join(', ')).toBe('one, two');
    expect(answer.trailers.get('x-t-bin')).toEqual([Buffer.from([0, 255, 10])]);
  });

  test('of three megabytes each way arrives whole', async () => {
    const { client } = await between({ one: (call, done) => done(null, call.request) });
    const text = 'x'.repeat(3_000_000);
    expect((await callOne(client, text)).text).toBe(text);
  });

  test('with a stream of answers gives them all, in order', async () => {
    const { client } = await between({
      many(call) {
        for (let i = 0; i < 1000; i++) call.write({ text: `${call.request.text}${i}` });
        call.end();
      },
    });
    const { code, texts } = await outcomeOf(client.many({ text: 'n' }));
    expect(code).toBe(grpc.status.OK);
    expect(texts).toEqual(Array.from({ length: 1000 }, (_, i) => `n${i}`));
  });

  test('with a stream of questions is answered once', async () => {
    const { client } = await between({
      gather(call, done) {
        let length = 0;
        call.on('data', ({ text }) => {
          length += text.length;
        });
        call.on('end', () => done(null, { text: String(length) }));
      },
    });
    const answer = new Promise((resolve) => {
      const call = client.gather({}, (error, note) => resolve(error ?? note?.text));
      for (let i = 0; i < 500; i++) call.write({ text: 'x'.repeat(1000) });
      call.end();
    });
    expect(await answer).toBe('500000');
  });

  test('with streams both ways has each answer before the next question', async () => {
    const { client } = await between({ talk: echo });
    const call = client.talk();
    const ended = outcomeOf(call);
    for (let i = 0; i < 50; i++) {
      const answered = new Promise((resolve) => call.once('data', ({ text }) => resolve(text)));
      call.write({ text: `q${i}` });
      expect(await answered).toBe(`q${i}`);
    }
    call.end();
    expect(await ended).toMatchObject({ code: grpc.status.OK, details: 'OK' });
  });
});

describe('the status of a call', () => {
  test('that failed before any message comes in an answer of trailers only', async () => {
    const metadata = new grpc.Metadata();
    metadata.set('x-why', 'gone');
    const { client, world } = await between({
      one: (_, done) => done({ code: grpc.status.NOT_FOUND, details: 'nichts für Sie', metadata }),
    });
    const failed = await callOne(client, 'a').catch((error: grpc.ServiceError) => error);
    expect(failed).toMatchObject({ code: grpc.status.NOT_FOUND, details: 'nichts für Sie' });
    expect((failed as grpc.ServiceError).metadata.get('x-why')).toEqual(['gone']);
    expect((await world.accessRecords(1))[0]).toMatchObject({ status: 200, protocol: 'h2' });
  });

  test('that failed after some messages comes behind them', async () => {
    const { client } = await between({
      many(call) {
        call.write({ text: 'one' });
        call.emit('error', { code: grpc.status.DATA_LOSS, details: 'broken' });
      },
    });
    expect(await outcomeOf(client.many({ text: '' }))).toEqual({
      code: grpc.status.DATA_LOSS,
      details: 'broken',
      texts: ['one'],
    });
  });

  test('is never OK when the server dies within its answer', async () => {
    const { client, server } = await between({ many: (call) => void call.write({ text: 'one' }) });
    const call = client.many({ text: '' });
    call.once('data', () => server.kill());
    const { code, texts } = await outcomeOf(call);
    expect(texts).toEqual(['one']);
    expect(code).not.toBe(grpc.status.OK);
  });

  test('is UNAVAILABLE when no server is there', async () => {
    const { client, server } = await between({});
    server.kill();
    await expect(callOne(client, 'a')).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  });
});

describe('a deadline', () => {
  test('reaches the server, and ends the call on both sides', async () => {
    const cancelled = Promise.withResolvers<void>();
    let deadline: grpc.Deadline = 0;
    const { client } = await between({
      one(call) {
        deadline = call.getDeadline();
        call.on('cancelled', () => cancelled.resolve());
      },
    });
    const failed = callOne(client, 'a', { deadline: Date.now() + 300 });
    await expect(failed).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
    await cancelled.promise;
    expect(Number(deadline)).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

describe('a call that is cancelled', () => {
  test.for(['one', 'many', 'talk'] as const)('by the client ends at the server (%s)', async (method) => {
    const begun = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const wait = (call: { on(event: 'cancelled', listener: () => void): unknown }): void => {
      call.on('cancelled', () => cancelled.resolve());
      begun.resolve();
    };
    const { client } = await between({ one: wait, many: wait, talk: wait });
    const call =
      method === 'one'
        ? client.one({ text: '' }, new grpc.Metadata(), {}, () => {})
        : method === 'many'
          ? client.many({ text: '' })
          : client.talk();
    call.on('error', () => {});
    await begun.promise;
    call.cancel();
    await cancelled.promise;
  });
});

describe('silence', () => {
  const short = 'upstream: 200ms, body: 200ms';
  const LONG_MS = 700;

  test('of both sides, longer than timeouts.upstream and timeouts.body, is no end', async () => {
    const { client } = await between(
      { talk: (call) => void call.once('data', (note) => setTimeout(() => sayLast(call, note), LONG_MS)) },
      short,
    );
    const call = client.talk();
    const ended = outcomeOf(call);
    call.write({ text: 'late' });
    expect(await ended).toMatchObject({ code: grpc.status.OK, texts: ['late'] });
  });

  test('between the answers is no end either', async () => {
    const { client } = await between(
      {
        many(call) {
          call.write({ text: 'first' });
          setTimeout(() => sayLast(call, { text: 'second' }), LONG_MS);
        },
      },
      short,
    );
    expect(await outcomeOf(client.many({ text: '' }))).toMatchObject({
      code: grpc.status.OK,
      texts: ['first', 'second'],
    });
  });

  test.for([true, false])('longer than timeouts.stream is one, for the server too (begun: %s)', async (hasBegun) => {
    const cancelled = Promise.withResolvers<void>();
    const { client, world } = await between(
      {
        talk(call) {
          call.on('cancelled', () => cancelled.resolve());
          if (hasBegun) call.write({ text: 'one' });
        },
      },
      'stream: 300ms',
    );
    const call = client.talk();
    call.write({ text: '' });
    const { code } = await outcomeOf(call);
    expect(code).not.toBe(grpc.status.OK);
    await cancelled.promise;
    expect((await world.accessRecords(1))[0]).toMatchObject({ error: 'upstream_timeout' });
  });
});

describe('with rules that look at texts of messages', () => {
  const RULES = `SecRule INNER_ARGS "@contains attack" "id:1,phase:2,deny,log,msg:'Text'"`;

  async function guarded(handlers: Handlers, waf = ''): Promise<{ client: NotesClient; world: GuardedWorld }> {
    const server = await startGrpc(handlers);
    const top = `upstreams: { notes: { servers: ["http://127.0.0.1:${server.port}"], protocol: h2 } }`;
    const world = await startGuarded({ rules: RULES, to: 'notes', top, waf });
    return { world, client: dialGrpc(world) };
  }

  test('a message that a rule stops never reaches the server, however large it is', async () => {
    const seen: number[] = [];
    const { client, world } = await guarded({
      one(call, done) {
        seen.push(call.request.text.length);
        done(null, { text: 'ok' });
      },
    });
    const large = 'x'.repeat(100_000);
    expect((await callOne(client, large)).text).toBe('ok');
    await expect(callOne(client, `${large} attack`)).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
    expect(seen).toEqual([100_000]);
    expect(await world.wafRecords(1)).toMatchObject([{ verdict: 'block', rules: [{ id: 1, target: 'INNER_ARGS:1' }] }]);
  });

  test('each message of a stream is looked at, and what came before has arrived', async () => {
    const { client } = await guarded({ talk: echo });
    const call = client.talk();
    const outcome = outcomeOf(call);
    call.write({ text: 'one' });
    await new Promise((resolve) => call.once('data', resolve));
    call.write({ text: 'two' });
    await new Promise((resolve) => call.once('data', resolve));
    call.write({ text: 'an attack' });
    const { code, texts } = await outcome;
    expect(texts).toEqual(['one', 'two']);
    expect(code).not.toBe(grpc.status.OK);
  });

  test('a message over the bound is refused, or its beginning is looked at', async () => {
    const handlers: Handlers = { one: (call, done) => done(null, { text: String(call.request.text.length) }) };
    const long = 'x'.repeat(5_000);
    const strict = await guarded(handlers, 'body: { inspect: 1KiB, over: block }');
    await expect(callOne(strict.client, long)).rejects.toMatchObject({ details: expect.stringContaining('413') });
    const lax = await guarded(handlers, 'body: { inspect: 1KiB, over: inspect-prefix }');
    expect((await callOne(lax.client, long)).text).toBe('5000');
    await expect(callOne(lax.client, `attack ${long}`)).rejects.toMatchObject({ code: grpc.status.PERMISSION_DENIED });
  });

  test('detection mode lets them pass and tells', async () => {
    const { client, world } = await guarded(
      { one: (call, done) => done(null, { text: call.request.text }) },
      'mode: detect',
    );
    expect((await callOne(client, 'an attack')).text).toBe('an attack');
    expect(await world.wafRecords(1)).toMatchObject([{ verdict: 'detect' }]);
  });
});
