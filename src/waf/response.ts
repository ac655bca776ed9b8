// Fills a transaction with what a response consists of, before the rules of its phase run.
import type { Transaction } from './transaction.ts';
import { variableNumber } from './variables.ts';

/** A response head in plain strings of bytes. */
export interface ResponseHead {
  readonly status: number;
  readonly protocol: string;
  /** Flat: name, value, name, value, … */
  readonly headers: readonly string[];
}

const V = {
  body: variableNumber('RESPONSE_BODY'),
  contentLength: variableNumber('RESPONSE_CONTENT_LENGTH'),
  contentType: variableNumber('RESPONSE_CONTENT_TYPE'),
  headers: variableNumber('RESPONSE_HEADERS'),
  headerNames: variableNumber('RESPONSE_HEADERS_NAMES'),
  outboundDataError: variableNumber('OUTBOUND_DATA_ERROR'),
  protocol: variableNumber('RESPONSE_PROTOCOL'),
  status: variableNumber('RESPONSE_STATUS'),
  statusLine: variableNumber('STATUS_LINE'),
} as const;

export function addResponseHead(tx: Transaction, head: ResponseHead): void {
  tx.setSingle(V.status, String(head.status));
  tx.setSingle(V.protocol, head.protocol);
  tx.setSingle(V.statusLine, `${head.protocol} ${head.status}`);
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i] as string;
    const value = head.headers[i + 1] as string;
    tx.add(V.headers, name, value);
    tx.add(V.headerNames, name, name);
    const key = name.toLowerCase();
    if (key === 'content-type') tx.setSingle(V.contentType, value.split(';', 1)[0]?.trim() ?? '');
    if (key === 'content-length') tx.setSingle(V.contentLength, value);
  }
}

export function addResponseBody(tx: Transaction, body: Buffer, isPrefix: boolean): void {
  tx.setSingle(V.contentLength, String(body.length));
  if (isPrefix) tx.setSingle(V.outboundDataError, '1');
  tx.setSingle(V.body, body.toString('latin1'));
}
