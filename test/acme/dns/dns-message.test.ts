import { createHmac, randomBytes } from 'node:crypto';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewMessage } from '../../../src/acme/dns/dns-message.ts';
import {
  classes,
  decodeMessage,
  encodeMessage,
  encodeName,
  encodeText,
  MalformedMessage,
  opcodes,
  Reader,
  types,
} from '../../../src/acme/dns/dns-message.ts';
import type { TsigKey } from '../../../src/acme/dns/tsig.ts';
import { sign, verify } from '../../../src/acme/dns/tsig.ts';

const label = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '0', '9', '_', '-'), minLength: 1, maxLength: 12 });
const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));
const message: fc.Arbitrary<NewMessage> = fc.record({
  id: fc.nat(0xffff),
  opcode: fc.constantFrom(opcodes.query, opcodes.update),
  question: fc.record({ name, type: fc.constant(types.SOA), class: fc.constant(classes.IN) }),
  updates: fc.array(
    fc.record({
      name,
      type: fc.constant(types.TXT),
      class: fc.constantFrom(classes.IN, classes.NONE),
      ttl: fc.nat(86_400),
      data: fc.string({ maxLength: 600 }).map(encodeText),
    }),
    { maxLength: 3 },
  ),
});

/** Decodes, or says that it is malformed; any other error fails the test. */
function decodeOrRefuse(bytes: Buffer): ReturnType<typeof decodeMessage> | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

test('what is encoded is decoded as it was', () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = decodeMessage(encodeMessage(written));
      expect(read).toMatchObject({ id: written.id, opcode: written.opcode, questions: [written.question] });
      expect(read.authorities.map(({ start: _start, dataStart: _dataStart, ...record }) => record)).toEqual(
        written.updates,
      );
    }),
  );
});

test('another decoder reads the same', () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = dnsPacket.decode(encodeMessage(written)) as dnsPacket.DecodedPacket & { opcode: string };
      expect(read.id).toBe(written.id);
      expect(read.opcode).toBe(written.opcode === opcodes.update ? 'UPDATE' : 'QUERY');
      expect(read.questions).toEqual([{ name: written.question.name, type: 'SOA', class: 'IN' }]);
      const records = (read.authorities ?? []) as dnsPacket.TxtAnswer[];
      expect(records.map((record) => [record.name, record.type, record.ttl])).toEqual(
        written.updates.map((record) => [record.name, 'TXT', record.ttl]),
      );
      expect(records.map(({ data }) => encodeText(Buffer.concat(data as Buffer[]).toString()))).toEqual(
        written.updates.map(({ data }) => data),
      );
    }),
  );
});

test('answers of another encoder, with SOA records, are read', () => {
  fc.assert(
    fc.property(name, name, (owner, zone) => {
      const data = { mname: 'ns1', rname: 'admin', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
      const bytes = dnsPacket.encode({
        type: 'response',
        id: 7,
        questions: [{ name: owner, type: 'SOA' }],
        authorities: [{ name: zone, type: 'SOA', ttl: 60, data }],
      });
      expect(decodeMessage(bytes)).toMatchObject({
        isAnswer: true,
        questions: [{ name: owner }],
        authorities: [{ name: zone, type: types.SOA }],
      });
    }),
  );
});

test('any bytes are read or refused, in no time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => void decodeOrRefuse(Buffer.from(bytes))),
    { numRuns: 1000 },
  );
});

test('so are messages with a few bytes changed, and cut ones', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(message, changes, fc.nat(), (written, changed, cut) => {
      const bytes = encodeMessage(written);
      for (const [at, value] of changed) bytes[at % bytes.length] = value;
      decodeOrRefuse(bytes);
      decodeOrRefuse(bytes.subarray(0, cut % bytes.length));
    }),
    { numRuns: 1000 },
  );
});

test('names: pointers lead backwards, and no name is too long', () => {
  const at = (bytes: number[], from: number): string => new Reader(Buffer.from(bytes), from).name();
  expect(at([1, 0x61, 0, 1, 0x42, 0xc0, 0], 3)).toBe('b.a');
  expect(at([0], 0)).toBe('');
  expect(at([3, 0x2e, 0x20, 0xff, 0], 0)).toBe('\\046\\032\\255');
  for (const bytes of [[0xc0, 0], [0xc0, 2, 0], [1, 0x61, 0xc0, 0], [0x40, 0], [1], [0xc0]]) {
    expect(() => at(bytes, 0)).toThrow(MalformedMessage);
  }
  const chain = Array.from({ length: 200 }, () => [1, 0x61]).flat();
  expect(() => at([...chain, 0], 0)).toThrow(MalformedMessage);
  // Each name is one label and a pointer to the one before: as many steps as there are names.
  const stairs = [
    0,
    ...Array.from({ length: 120 }, (_, step) => [
      1,
      0x61,
      0xc0 | ((step === 0 ? 0 : step * 4 - 3) >> 8),
      (step === 0 ? 0 : step * 4 - 3) & 255,
    ]).flat(),
  ];
  expect(at(stairs, stairs.length - 4)).toBe(Array(120).fill('a').join('.'));
});

test.for(['a..b', '.', `${'a'.repeat(64)}.b`, `${'abcdefg.'.repeat(32)}a`])('%s is not encoded', (wrong) => {
  expect(() => encodeName(wrong)).toThrow(RangeError);
});

const key: TsigKey = { name: 'acme-key', algorithm: 'hmac-sha256', secret: randomBytes(32) };
const nowS = 1_800_000_000;

/** An answer as a server signs it (RFC 8945, 4.3), put together here and not by the code under test. */
function signedAnswer(requestMac: Buffer, { timeS = nowS, error = 0, secret = key.secret }): Buffer {
  const answer = encodeMessage({
    id: 77,
    opcode: 5,
    question: { name: 'example.test', type: 6, class: 1 },
    updates: [],
  });
  answer.writeUInt16BE(0xa800, 2);
  const number = (value: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    bytes.writeUIntBE(value, 0, length);
    return bytes;
  };
  const algorithm = encodeName('hmac-sha256');
  const times = [number(timeS, 6), number(300, 2)];
  const hmac = createHmac('sha256', secret);
  for (const part of [
    number(requestMac.length, 2),
    requestMac,
    answer,
    encodeName(key.name),
    number(255, 2),
    number(0, 4),
  ])
    hmac.update(part);
  for (const part of [algorithm, ...times, number(error, 2), number(0, 2)]) hmac.update(part);
  const mac = hmac.digest();
  const data = Buffer.concat([algorithm, ...times, number(32, 2), mac, number(77, 2), number(error, 2), number(0, 2)]);
  const record = [encodeName(key.name), number(250, 2), number(255, 2), number(0, 4), number(data.length, 2), data];
  const signed = Buffer.concat([answer, ...record]);
  signed.writeUInt16BE(1, 10);
  return signed;
}

test('a signed answer is believed, at its time and with its key', () => {
  const { mac } = sign(
    encodeMessage({ id: 77, opcode: 5, question: { name: 'a', type: 6, class: 1 }, updates: [] }),
    key,
    nowS,
  );
  const verdictOn = (bytes: Buffer, requestMac = mac) => verify(bytes, decodeMessage(bytes), key, requestMac, nowS);
  expect(verdictOn(signedAnswer(mac, {}))).toEqual({ isGood: true });
  expect(verdictOn(signedAnswer(mac, { timeS: nowS - 300 }))).toEqual({ isGood: true });
  expect(verdictOn(signedAnswer(mac, { timeS: nowS - 301 }))).toMatchObject({
    fault: expect.stringContaining('another time'),
  });
  expect(verdictOn(signedAnswer(mac, { secret: randomBytes(32) }))).toMatchObject({
    fault: expect.stringContaining('wrong'),
  });
  expect(verdictOn(signedAnswer(mac, {}), randomBytes(32))).toMatchObject({ fault: expect.stringContaining('wrong') });
  expect(verdictOn(signedAnswer(mac, { error: 17 }))).toMatchObject({ refusal: 'BADKEY' });
  expect(verdictOn(signedAnswer(mac, { error: 99 }))).toMatchObject({ refusal: 'error 99' });
});

test('no bit of a signed answer can be changed, but for its id, which is checked elsewhere', () => {
  const mac = randomBytes(32);
  const bytes = signedAnswer(mac, {});
  fc.assert(
    fc.property(fc.integer({ min: 2, max: bytes.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const forged = Buffer.from(bytes);
      forged[at]! ^= 1 << bit;
      const answer = decodeOrRefuse(forged);
      if (answer === undefined) return;
      const { isGood } = verify(forged, answer, key, mac, nowS);
      // The record itself is not covered, its name and algorithm but for their case (RFC 8945, 4.3.3).
      const record = answer.additionals.at(-1);
      const isUncovered = record !== undefined && at >= record.start && at < record.dataStart + 13;
      if (isGood) expect(isUncovered).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('anything may stand where the signature should be', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
      const mac = randomBytes(32);
      const answer = encodeMessage({
        id: 1,
        opcode: 5,
        question: { name: 'a', type: 6, class: 1 },
        updates: [{ name: key.name, type: types.TSIG, class: classes.ANY, ttl: 0, data: Buffer.from(data) }],
      });
      answer.writeUInt32BE(1, 8);
      expect(verify(answer, decodeMessage(answer), key, mac, nowS).isGood).toBe(false);
    }),
  );
});
