import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatehouseError } from '../../src/base/errors.ts';
import type { BodySink, BodySource } from '../../src/http/body.ts';
import { GatheredBody } from '../../src/http/gathered-body.ts';

/** A body whose chunks are handed over one by one, as long as the sink has room. */
class Script implements BodySource {
  readonly length: number | undefined;
  readonly #chunks: readonly Uint8Array[];
  #next = 0;
  readonly #end: (sink: BodySink) => void;
  #sink: BodySink | undefined;
  #isPaused = false;
  starts = 0;
  cancels = 0;

  constructor(chunks: readonly Uint8Array[], end: (sink: BodySink) => void = (sink) => sink.end([]), length?: number) {
    this.#chunks = chunks;
    this.#end = end;
    this.length = length;
  }

  start(sink: BodySink): void {
    this.starts++;
    this.#sink = sink;
    this.#push();
  }

  resume(): void {
    this.#isPaused = false;
    this.#push();
  }

  cancel(): void {
    this.cancels++;
    this.#sink = undefined;
  }

  /** Chunks that nobody has taken yet. */
  get left(): number {
    return this.#chunks.length - this.#next;
  }

  #push(): void {
    while (this.#sink !== undefined && !this.#isPaused) {
      const chunk = this.#chunks[this.#next++];
      if (chunk === undefined) {
        const sink = this.#sink;
        this.#sink = undefined;
        this.#end(sink);
        return;
      }
      this.#isPaused = !this.#sink.write(chunk);
    }
  }
}

class Collector implements BodySink {
  readonly chunks: Uint8Array[] = [];
  trailers: readonly string[] | undefined;
  error: GatehouseError | undefined;
  readonly #takes: (count: number) => boolean;

  constructor(takes: (count: number) => boolean = () => true) {
    this.#takes = takes;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  write(chunk: Uint8Array): boolean {
    expect(this.trailers ?? this.error).toBeUndefined();
    this.chunks.push(chunk);
    return this.#takes(this.chunks.length);
  }

  end(trailers: readonly string[]): void {
    expect(this.trailers ?? this.error).toBeUndefined();
    this.trailers = trailers;
  }

  fail(error: GatehouseError): void {
    expect(this.trailers ?? this.error).toBeUndefined();
    this.error = error;
  }
}

const bytes = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const broken = (): GatehouseError => new GatehouseError('client_closed', 'client', 'the client left', { status: 499 });

describe('a body within the bound', () => {
  test('is gathered whole and replayed whole, with its trailers and its length', async () => {
    const body = new GatheredBody(new Script(bytes('ab', 'c', 'de'), (sink) => sink.end(['x-sum', '1']), 5), 5);
    expect(body.length).toBe(5);
    const { bytes: seen, isPrefix } = await body.gather();
    expect([seen.toString(), isPrefix]).toEqual(['abcde', false]);
    const sink = new Collector();
    body.start(sink);
    expect([sink.text, sink.trailers]).toEqual(['abcde', ['x-sum', '1']]);
  });

  test('may be empty', async () => {
    const body = new GatheredBody(new Script([]), 5);
    expect(await body.gather()).toEqual({ bytes: Buffer.alloc(0), isPrefix: false, trailers: [] });
    const sink = new Collector();
    body.start(sink);
    expect([sink.chunks, sink.trailers]).toEqual([[], []]);
  });

  test('that breaks off fails as it failed', async () => {
    const error = broken();
    const body = new GatheredBody(new Script(bytes('ab'), (sink) => sink.fail(error)), 5);
    await expect(body.gather()).rejects.toBe(error);
  });
});

describe('a body over the bound', () => {
  test('is gathered up to it and read no further until somebody takes it', async () => {
    const script = new Script(bytes('abc', 'def', 'ghi', 'jkl'));
    const body = new GatheredBody(script, 4);
    const { bytes: seen, isPrefix } = await body.gather();
    expect([seen.toString(), isPrefix, script.left]).toEqual(['abcd', true, 2]);
    const sink = new Collector();
    body.start(sink);
    expect([sink.text, sink.trailers, script.starts]).toEqual(['abcdefghijkl', [], 1]);
  });

  test('waits for a slow sink, within what was gathered and behind it', async () => {
    const script = new Script(bytes('a', 'b', 'c', 'd', 'e'));
    const body = new GatheredBody(script, 2);
    await body.gather();
    const sink = new Collector(() => false);
    body.start(sink);
    const steps = [];
    for (let i = 0; i < 8 && sink.trailers === undefined; i++) {
      steps.push(`${sink.text} ${script.left}`);
      body.resume();
    }
    expect(steps).toEqual(['abc 2', 'abcd 1', 'abcde 0']);
    expect(sink.trailers).toEqual([]);
  });

  test('that breaks off later fails behind what came', async () => {
    const error = broken();
    const body = new GatheredBody(new Script(bytes('abc', 'def', 'g'), (sink) => sink.fail(error)), 4);
    await body.gather();
    const sink = new Collector();
    body.start(sink);
    expect([sink.text, sink.error]).toEqual(['abcdefg', error]);
  });

  test('is refused as a whole with a bound of nothing', async () => {
    const body = new GatheredBody(new Script(bytes('a')), 0);
    expect(await body.gather()).toEqual({ bytes: Buffer.alloc(0), isPrefix: true, trailers: [] });
  });
});

describe('a body that nobody wants', () => {
  test('is cancelled at its source, and its sink hears nothing more', async () => {
    const script = new Script(bytes('abc', 'def', 'ghi'));
    const body = new GatheredBody(script, 4);
    await body.gather();
    body.cancel();
    expect([script.cancels, script.left]).toEqual([1, 1]);
    body.cancel();
  });

  test('in the middle of its replay stops there', async () => {
    const script = new Script(bytes('a', 'b', 'c', 'd'));
    const body = new GatheredBody(script, 2);
    await body.gather();
    const sink: Collector = new Collector(() => {
      body.cancel();
      return true;
    });
    body.start(sink);
    expect([sink.text, sink.trailers, script.cancels]).toEqual(['abc', undefined, 1]);
  });
});

test('what came in very many tiny chunks is held in one piece, and leaves as one', async () => {
  const chunks = Array.from({ length: 128 * 1024 }, (_, i) => Buffer.from([i % 256]));
  const body = new GatheredBody(new Script(chunks), 128 * 1024);
  const { bytes: seen, isPrefix } = await body.gather();
  expect([seen.equals(Buffer.concat(chunks)), isPrefix]).toEqual([true, false]);
  const sink = new Collector();
  body.start(sink);
  expect([sink.chunks.length, sink.chunks[0]?.length]).toEqual([1, 128 * 1024]);
});

test('whatever the chunks, the bound and the sink: the beginning is seen, and every byte arrives once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 20 }),
      fc.nat(120),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
      async (chunks, bound, rhythm) => {
        const whole = Buffer.concat(chunks);
        const body = new GatheredBody(new Script(chunks), bound);
        const { bytes: seen, isPrefix } = await body.gather();
        expect(isPrefix).toBe(whole.length > bound);
        expect(seen.equals(whole.subarray(0, bound))).toBe(true);
        const sink = new Collector((count) => rhythm[count % rhythm.length] === true);
        body.start(sink);
        for (let i = 0; i < 50 && sink.trailers === undefined; i++) body.resume();
        expect(Buffer.concat(sink.chunks).equals(whole)).toBe(true);
        expect(sink.trailers).toEqual([]);
      },
    ),
  );
});
