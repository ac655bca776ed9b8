// Signatures of DNS messages with a shared key (RFC 8945). A signature is the last record of a message
// and covers all that stands before it; the one of an answer covers the one of the request too.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TsigKeyConfig } from '../../config/model/certificates.ts';
import type { DnsMessage, DnsRecord } from './dns-message.ts';
import { classes, encodeName, encodeRecord, MalformedMessage, Reader, types } from './dns-message.ts';

/** How far the clocks of both sides may be apart (RFC 8945, 10). */
const fudgeS = 300;
const headerCountAt = 10;

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigKeyConfig['algorithm'];
  readonly secret: Buffer;
}

export interface Signed {
  readonly message: Buffer;
  /** What the signature of the answer builds on. */
  readonly mac: Buffer;
}

/** Errors in a signature's own field (RFC 8945, 3). */
const errors: ReadonlyMap<number, string> = new Map([
  [16, 'BADSIG'],
  [17, 'BADKEY'],
  [18, 'BADTIME'],
  [22, 'BADTRUNC'],
]);

interface Tsig {
  readonly algorithm: string;
  readonly timeS: number;
  readonly fudgeS: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

export type Verdict =
  /** The answer is from someone with the key. */
  | { readonly isGood: true }
  /** The server would not take our signature; it says so in words of its own, often unsigned. */
  | { readonly isGood: false; readonly refusal: string; readonly serverTimeS: number | undefined }
  /** Nothing that the answer says can be believed. */
  | { readonly isGood: false; readonly refusal?: undefined; readonly fault: string };

export function sign(message: Buffer, key: TsigKey, nowS: number): Signed {
  const unsigned = { algorithm: key.algorithm, timeS: nowS, fudgeS, error: 0, other: Buffer.alloc(0) };
  const mac = macOf([message], key, unsigned);
  const data = encodeTsig({ ...unsigned, mac, originalId: message.readUInt16BE(0) });
  const record = encodeRecord({ name: key.name, type: types.TSIG, class: classes.ANY, ttl: 0, data });
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(headerCountAt) + 1, headerCountAt);
  return { message: signed, mac };
}

/** `answer`: what `decodeMessage` made of the bytes. */
export function verify(bytes: Buffer, answer: DnsMessage, key: TsigKey, requestMac: Buffer, nowS: number): Verdict {
  const record = answer.additionals.at(-1);
  if (record?.type !== types.TSIG) return { isGood: false, fault: 'the answer is not signed' };
  const tsig = decodeTsig(bytes, record);
  if (tsig === undefined) return { isGood: false, fault: "the answer's signature cannot be read" };
  // An answer to a bad key or signature cannot be signed (RFC 8945, 5.2); it says only that it failed.
  const refusal = tsig.error === 0 ? undefined : (errors.get(tsig.error) ?? `error ${tsig.error}`);
  const serverTimeS = tsig.error === 18 && tsig.other.length === 6 ? tsig.other.readUIntBE(0, 6) : undefined;
  if (refusal !== undefined) return { isGood: false, refusal, serverTimeS };
  if (record.name !== key.name || tsig.algorithm !== key.algorithm || record.class !== classes.ANY) {
    return { isGood: false, fault: 'the answer is signed with another key' };
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(requestMac.length);
  const expected = macOf([length, requestMac, withoutTsig(bytes, record, tsig.originalId)], key, tsig);
  // Truncated signatures are not taken: nothing that we ask for asks for them.
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) {
    return { isGood: false, fault: "the answer's signature is wrong" };
  }
  if (Math.abs(nowS - tsig.timeS) > Math.min(tsig.fudgeS, fudgeS))
    return { isGood: false, fault: 'the answer was signed at another time' };
  return { isGood: true };
}

/** The message as it was signed (RFC 8945, 4.3.2). */
function withoutTsig(bytes: Buffer, record: DnsRecord, originalId: number): Buffer {
  const message = Buffer.from(bytes.subarray(0, record.start));
  message.writeUInt16BE(originalId, 0);
  message.writeUInt16BE(bytes.readUInt16BE(headerCountAt) - 1, headerCountAt);
  return message;
}

type Variables = Pick<Tsig, 'algorithm' | 'timeS' | 'fudgeS' | 'error' | 'other'>;

function macOf(parts: readonly Buffer[], key: TsigKey, variables: Variables): Buffer {
  const hmac = createHmac(key.algorithm.replace('hmac-', ''), key.secret);
  for (const part of parts) hmac.update(part);
  hmac.update(encodeName(key.name));
  hmac.update(numbers([classes.ANY, 2], [0, 4]));
  hmac.update(encodeName(variables.algorithm));
  hmac.update(numbers([variables.timeS, 6], [variables.fudgeS, 2], [variables.error, 2], [variables.other.length, 2]));
  return hmac.update(variables.other).digest();
}

function encodeTsig({ algorithm, timeS, fudgeS, mac, originalId, error, other }: Tsig): Buffer {
  return Buffer.concat([
    encodeName(algorithm),
    numbers([timeS, 6], [fudgeS, 2], [mac.length, 2]),
    mac,
    numbers([originalId, 2], [error, 2], [other.length, 2]),
    other,
  ]);
}

/** undefined: it is malformed. */
function decodeTsig(bytes: Buffer, record: DnsRecord): Tsig | undefined {
  const reader = new Reader(bytes, record.dataStart);
  try {
    const tsig = {
      algorithm: reader.name(),
      timeS: reader.number(6),
      fudgeS: reader.number(2),
      mac: reader.take(reader.number(2)),
      originalId: reader.number(2),
      error: reader.number(2),
      other: reader.take(reader.number(2)),
    };
    return reader.at === record.dataStart + record.data.length ? tsig : undefined;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

/** Numbers with their lengths in bytes. */
function numbers(...fields: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [, length]) => sum + length, 0));
  let at = 0;
  for (const [value, length] of fields) at = bytes.writeUIntBE(value, at, length);
  return bytes;
}
