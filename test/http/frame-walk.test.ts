// The ends of WebSocket frames, however the bytes come in.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameWalk } from '../../src/http/frame-walk.ts';

/** A frame with its head as short as its length allows. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([0x82, mask | length])
      : length < 65_536
        ? Buffer.from([0x82, mask | 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([0x82, mask | 127]), bigEndian(length)]);
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0, 1), Buffer.alloc(length, 0x88)]);
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

const lengths = fc.oneof(fc.nat(5), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000), fc.nat(3000));
const frames = fc.array(fc.tuple(lengths, fc.boolean()), { maxLength: 8 });

test('every end is found, and nothing else is one', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 4000 })), (all, cuts) => {
      const written = all.map(([length, isMasked]) => frame(length, isMasked));
      const bytes = Buffer.concat(written);
      const ends = new Set<number>();
      let end = 0;
      for (const { length } of written) {
        end += length;
        ends.add(end);
      }
      const walk = new FrameWalk();
      const found = new Set<number>();
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        const chunk = bytes.subarray(at, at + cut);
        for (let inside = 0; inside < chunk.length; ) {
          inside = walk.toEnd(chunk, inside);
          if (walk.isBetween) found.add(at + inside);
        }
        at += chunk.length;
      }
      expect(found).toEqual(ends);
    }),
  );
});

test('whatever the bytes are, a walk ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      const walk = new FrameWalk();
      walk.pass(Buffer.from(bytes));
      expect(walk.toEnd(Buffer.from(bytes))).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
