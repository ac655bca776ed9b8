// Request ids: short enough to read out on the phone, unguessable enough not to be enumerated.
import { randomBytes } from 'node:crypto';
import { headerValue } from './headers.ts';

const POOL_BYTES = 4096;
const ID_BYTES = 10;
let pool = randomBytes(POOL_BYTES);
let at = 0;

/** 20 hex digits, 80 random bits. */
export function newRequestId(): string {
  if (at + ID_BYTES > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    at = 0;
  }
  at += ID_BYTES;
  return pool.toString('hex', at - ID_BYTES, at);
}

/** The id that a trusted proxy gave, when it is fit to be carried on: bounded, and nothing that breaks a log or a page. */
export function givenRequestId(headers: readonly string[]): string | undefined {
  const id = headerValue(headers, 'x-request-id');
  return id !== undefined && /^[A-Za-z0-9._:+/=-]{1,128}$/.test(id) ? id : undefined;
}
