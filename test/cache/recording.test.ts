// A body on its way to readers and the store.
import { describe, expect, test } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import { Recording } from '../../src/cache/recording.ts';
import type { BodySink, BodySource } from '../../src/http/body.ts';
import { numbered, startScene } from './scene.ts';

/** Pushed by hand. */
class Source implements BodySource {
  readonly length: number | undefined;
  sink: BodySink | undefined;
  resumed = 0;
  isCancelled = false;

  constructor(length?: number) {
    this.length = length;
  }

  start(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed++;
  }

  cancel(): void {
    this.isCancelled = true;
  }

  push(text: string): boolean {
    return this.sink?.write(Buffer.from(text)) ?? false;
  }
}

class Reader implements BodySink {
  text = '';
  ended = '';
  hasRoom = true;

  write(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString();
    return this.hasRoom;
  }

  end(): void {
    this.ended = 'whole';
  }

  fail(error: GatehouseError): void {
    this.ended = error.code;
  }
}

function record(source: Source, { maxBytes = 10, room = 1000 } = {}) {
  const kept: (string | undefined)[] = [];
  let reserved = 0;
  let left = 0;
  const recording = new Recording(source, {
    maxBytes,
    reserve: (bytes) => {
      if (reserved + bytes > room) return false;
      reserved += bytes;
      return true;
    },
    release: (bytes) => {
      reserved -= bytes;
    },
    onEnd: (body) => kept.push(body?.toString()),
  });
  const read = (): [BodySource, Reader] => {
    const body = recording.reader(() => left++);
    const reader = new Reader();
    body.start(reader);
    return [body, reader];
  };
  return { recording, kept, read, reserved: () => reserved, left: () => left };
}

test('all readers get all of it, however slowly they read, and it is kept', () => {
  const source = new Source(10);
  const { recording, kept, read, reserved } = record(source);
  recording.start();
  const [, quick] = read();
  const [body, slow] = read();
  slow.hasRoom = false;
  expect(source.push('hello')).toBe(true);
  expect(source.push('world')).toBe(true);
  source.sink?.end([]);
  expect([quick.text, quick.ended, slow.text, slow.ended]).toEqual(['helloworld', 'whole', 'hello', '']);
  slow.hasRoom = true;
  body.resume();
  expect([slow.text, slow.ended, kept, reserved()]).toEqual(['helloworld', 'whole', ['helloworld'], 0]);
  const [, late] = read();
  expect([late.text, late.ended]).toEqual(['helloworld', 'whole']);
});

describe('one that grows over the bound', () => {
  test('goes on to its reader at the reader’s pace, and nothing of it stays', () => {
    const source = new Source();
    const { recording, kept, read, reserved } = record(source);
    recording.start();
    const [body, reader] = read();
    source.push('0123456789');
    reader.hasRoom = false;
    expect(source.push('abc')).toBe(true);
    expect([kept, reserved()]).toEqual([[undefined], 0]);
    expect(source.push('def')).toBe(false);
    expect([reader.text, recording.chunks.length]).toEqual(['0123456789abc', 1]);
    reader.hasRoom = true;
    body.resume();
    expect([reader.text, recording.chunks.length, source.resumed]).toEqual(['0123456789abcdef', 0, 1]);
    source.sink?.end([]);
    expect([reader.ended, kept]).toEqual(['whole', [undefined]]);
  });

  test('ends when its reader has left', () => {
    const source = new Source();
    const { recording, read, left } = record(source);
    recording.start();
    const [body] = read();
    source.push('0123456789abc');
    body.cancel();
    expect([source.isCancelled, left()]).toEqual([true, 1]);
  });

  test('is not begun where its length is over it, or there is no room', () => {
    expect([record(new Source(11)).recording.isKept, record(new Source(5), { room: 4 }).recording.isKept]).toEqual([
      false,
      false,
    ]);
  });
});

test('one that breaks off breaks off for all, and is not kept', () => {
  const source = new Source(10);
  const { recording, kept, read, reserved } = record(source);
  recording.start();
  const readers = [read()[1], read()[1]];
  source.push('half');
  source.sink?.fail(new GatehouseError('upstream_closed', 'upstream', 'gone'));
  expect(readers.map((reader) => reader.ended)).toEqual(['upstream_closed', 'upstream_closed']);
  expect([kept, reserved()]).toEqual([[undefined], 0]);
});

test('one that nobody wants is cancelled', () => {
  const source = new Source(10);
  const { recording, kept, reserved } = record(source);
  recording.start();
  source.push('half');
  recording.cancel();
  expect([source.isCancelled, kept, reserved()]).toEqual([true, [undefined], 0]);
});

test('a client gets what is too large to be stored', async () => {
  const large = 'x'.repeat(3_000_000);
  let count = 0;
  const { get } = await startScene(
    (_, response) => {
      count++;
      response.setHeader('cache-control', 'max-age=60');
      response.write(large);
      response.end('end');
    },
    { site: 'cache: { maxEntrySize: 1MiB }' },
  );
  for (const expected of [1, 2]) expect([(await get('/a')).body.length, count]).toEqual([3_000_003, expected]);
  const { get: small } = await startScene(numbered({ 'cache-control': 'max-age=60' }), {
    site: 'cache: { maxEntrySize: 4B }',
  });
  await small('/a');
  expect((await small('/a')).body).toBe('answer 2');
});
