// Lines of several processes on one output: whole, in their order, and no faster than they are read.
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relayLines } from '../../src/cluster/relay.ts';

const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ''));

test('whatever the pieces, only whole lines are passed on, and all of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(50)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const from = new PassThrough();
      const passed: string[] = [];
      relayLines(from, { write: (text) => passed.push(text) > 0, whenEmpty: () => {} });
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        from.write(bytes.subarray(at, at + cut));
        at += cut;
      }
      from.end();
      await new Promise((resolve) => from.once('close', resolve));
      expect(passed.every((text) => text.endsWith('\n'))).toBe(true);
      expect(passed.join('')).toBe(bytes.toString());
    }),
  );
});

test('the last words of a process that was killed get their line break', async () => {
  const from = new PassThrough();
  const passed: string[] = [];
  relayLines(from, { write: (text) => passed.push(text) > 0, whenEmpty: () => {} });
  from.end('one\ntw');
  await new Promise((resolve) => from.once('close', resolve));
  expect(passed).toEqual(['one\n', 'tw\n']);
});

test('a reader that is slow stops the writer, until it has read', async () => {
  const from = new PassThrough();
  let hasRoom = (): void => {};
  const passed: string[] = [];
  relayLines(from, {
    write: (text) => {
      passed.push(text);
      return false;
    },
    whenEmpty: (act) => {
      hasRoom = act;
    },
  });
  from.write('one\n');
  await new Promise((resolve) => setImmediate(resolve));
  from.write('two\n');
  await new Promise((resolve) => setImmediate(resolve));
  expect(passed).toEqual(['one\n']);
  hasRoom();
  await new Promise((resolve) => setImmediate(resolve));
  expect(passed).toEqual(['one\n', 'two\n']);
});

test('a reader that is slow does not stop a writer that is to end', async () => {
  const from = new PassThrough();
  const passed: string[] = [];
  const hurry = relayLines(from, { write: (text) => passed.push(text) === 0, whenEmpty: () => {} });
  from.write('one\n');
  await new Promise((resolve) => setImmediate(resolve));
  from.write('two\n');
  hurry();
  from.end('three\n');
  await new Promise((resolve) => from.once('close', resolve));
  expect(passed.join('')).toBe('one\ntwo\nthree\n');
});

test('a line without an end is passed on in pieces, and takes no more memory than one', async () => {
  const from = new PassThrough();
  let bytes = 0;
  let longest = 0;
  relayLines(from, {
    write: (text) => {
      bytes += text.length;
      longest = Math.max(longest, text.length);
      return true;
    },
    whenEmpty: () => {},
  });
  const piece = Buffer.alloc(256 * 1024, 'x');
  for (let i = 0; i < 20; i++) {
    if (!from.write(piece)) await new Promise((resolve) => from.once('drain', resolve));
  }
  from.end();
  await new Promise((resolve) => from.once('close', resolve));
  expect(bytes).toBeGreaterThanOrEqual(20 * piece.length);
  expect(longest).toBeLessThan(1024 * 1024 + piece.length + 2);
});
