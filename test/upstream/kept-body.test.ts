// A body that is kept to be sent once more: the same bytes whatever the pace of those who take it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BodySink } from '../../src/http/body.ts';
import { KeptBody } from '../../src/upstream/kept-body.ts';

/** Takes a body, with a pause after each chunk where `pauses` says so; resumes by itself. */
function take(body: KeptBody, pauses: readonly boolean[]): string {
  let text = '';
  let count = 0;
  let mustResume = false;
  let isOver = false;
  body.start({
    write(chunk) {
      text += Buffer.from(chunk).toString();
      mustResume = pauses[count++ % pauses.length] === true;
      return !mustResume;
    },
    end: (trailers) => {
      text += `|${trailers.join()}`;
      isOver = true;
    },
    fail: () => {},
  });
  while (!isOver && mustResume) {
    mustResume = false;
    body.resume();
  }
  return text;
}

function sourceOf(chunks: readonly string[]): ConstructorParameters<typeof KeptBody>[0] {
  let next = 0;
  let sink: BodySink | undefined;
  const push = (): void => {
    while (next < chunks.length) if (sink?.write(Buffer.from(chunks[next++] as string)) === false) return;
    sink?.end(['x-sum', '1']);
    sink = undefined;
  };
  return {
    length: undefined,
    start(into) {
      sink = into;
      push();
    },
    resume: push,
    cancel() {
      sink = undefined;
    },
  };
}

const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });

test('it comes again as it came, up to its bound, and not beyond', () => {
  const property = fc.property(
    fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 5 }), { maxLength: 8 }),
    pauses,
    pauses,
    fc.nat(20),
    (chunks, first, second, limit) => {
      const body = new KeptBody(sourceOf(chunks), limit);
      const whole = `${chunks.join('')}|x-sum,1`;
      expect(body.canStartAgain).toBe(false);
      expect(take(body, first)).toBe(whole);
      expect(body.canStartAgain).toBe(chunks.join('').length <= limit);
      if (!body.canStartAgain) return;
      expect(take(body, second)).toBe(whole);
      expect(take(body, first)).toBe(whole);
      body.drop();
      expect(body.canStartAgain).toBe(false);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('one that was given up before its end cannot start again', () => {
  const body = new KeptBody(sourceOf(['a', 'b']), 100);
  body.start({ write: () => false, end: () => {}, fail: () => {} });
  body.cancel();
  expect(body.canStartAgain).toBe(false);
});

test('one that is dropped while it is sent again comes to its end', () => {
  const body = new KeptBody(sourceOf(['a', 'b', 'c']), 100);
  take(body, [false]);
  let text = '';
  body.start({
    write(chunk) {
      text += Buffer.from(chunk).toString();
      return false;
    },
    end() {
      text += '.';
    },
    fail: () => {},
  });
  body.drop();
  for (let i = 0; i < 5; i++) body.resume();
  expect(text).toBe('abc.');
});
