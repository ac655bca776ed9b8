import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyValues } from '../../../src/waf/inner/body-values.ts';
import { grpcMessages } from '../../../src/waf/inner/grpc-messages.ts';
import { protobufTexts } from '../../../src/waf/inner/protobuf.ts';

interface Message {
  readonly texts: readonly string[];
  readonly inner: Message | null;
}

const { message } = fc.letrec<{ message: Message }>((tie) => ({
  message: fc.record({
    texts: fc.array(fc.stringMatching(/^[ -~éß]{1,200}$/), { maxLength: 4 }),
    inner: fc.option(tie('message'), { maxDepth: 4 }),
  }),
}));

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}

/** Texts in field 1, a number in field 20, and what is inside in field 300. A field of 0x01 keeps it from being a text. */
function encode({ texts, inner }: Message): Buffer {
  const fields = texts.map((text) => Buffer.from([0x0a, ...varint(Buffer.byteLength(text)), ...Buffer.from(text)]));
  const nested = inner === null ? Buffer.alloc(0) : encode(inner);
  const end = inner === null ? [] : [...varint((300 << 3) | 2), ...varint(nested.length), ...nested];
  return Buffer.concat([Buffer.from([...varint(20 << 3), 0x01]), ...fields, Buffer.from(end)]);
}

function expected({ texts, inner }: Message, prefix = ''): string[] {
  const own = texts.map((text) => `${prefix}1=${Buffer.from(text).toString('latin1')}`);
  return [...own, ...(inner === null ? [] : expected(inner, `${prefix}300.`))];
}

test('every text of a message is found under the numbers of its fields', () => {
  fc.assert(
    fc.property(message, (value) => {
      const found = protobufTexts(encode(value))?.map(({ name, value: text }) => `${name}=${text}`);
      expect(found).toEqual(expected(value));
    }),
  );
});

test('of a message that is cut off, every text is found that begins before the cut', () => {
  fc.assert(
    fc.property(message, fc.nat(), (value, cut) => {
      const whole = encode(value);
      const found = protobufTexts(whole.subarray(0, cut % (whole.length + 1)), true) ?? [];
      const all = expected(value);
      for (const [i, { name, value: text }] of found.entries()) {
        expect(i < found.length - 1 ? all[i] === `${name}=${text}` : all[i]?.startsWith(`${name}=${text}`)).toBe(true);
      }
    }),
  );
});

test('any bytes are read without a fault, and give no more than they hold', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isPrefix) => {
      const body = Buffer.from(bytes);
      grpcMessages(body, isPrefix);
      const total = bodyValues(body, '', isPrefix).reduce((sum, { value }) => sum + value.length, 0);
      expect(total).toBeLessThanOrEqual(4 * body.length);
    }),
  );
});

test('messages in messages without an end are read to a bound', () => {
  let nested = Buffer.from([0xa0, 0x01, 0x01]);
  for (let level = 0; level < 5_000; level++) {
    nested = Buffer.concat([Buffer.from([0xa0, 0x01, 0x01, 0x12, ...varint(nested.length)]), nested]);
  }
  expect(protobufTexts(nested)).toEqual([]);
});
