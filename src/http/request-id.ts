// Request ids: short enough to read out on the phone, unguessable enough not to be enumerated.
import { randomFillSync } from 'node:crypto';
import { headerValue } from './headers.ts';

/** Small, because whoever keeps an id keeps the text that it was cut from. */
const POOL = Buffer.alloc(1000);
const ID_DIGITS = 20;
let pool = '';
let at = 0;

/** 20 hex digits, 80 random bits. */
export function newRequestId(): string {
  if (at + ID_DIGITS > pool.length) {
    pool = randomFillSync(POOL).toString('hex');
    at = 0;
  }
  at += ID_DIGITS;
  return pool.slice(at - ID_DIGITS, at);
}

/** The id that a trusted proxy gave, when it is fit to be carried on: bounded, and nothing that breaks a log or a page. */
export function givenRequestId(headers: readonly string[]): string | undefined {
  const id = headerValue(headers, 'x-request-id');
  return id !== undefined && /^[A-Za-z0-9._:+/=-]{1,128}$/.test(id) ? id : undefined;
}
