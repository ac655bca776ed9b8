// A request body as the client sends it, with what its failures mean to the client.
import type { Readable } from 'node:stream';
import { GatehouseError } from '../base/errors.ts';
import type { BodyFaults, ReadableBodyOptions } from './readable-body.ts';
import { ReadableBody } from './readable-body.ts';

const faults: BodyFaults = {
  closed: () => new GatehouseError('client_closed', 'client', 'the client left within its request', { status: 499 }),
  stalled: (ms) =>
    new GatehouseError('client_timeout', 'client', `no byte of the request body for ${ms} ms`, { status: 408 }),
  tooLarge: () =>
    new GatehouseError('body_too_large', 'client', 'the request body is over requestLimits.body', { status: 413 }),
};

export class ClientBody extends ReadableBody {
  constructor(stream: Readable, options: Omit<ReadableBodyOptions, 'faults' | 'onCancel'>) {
    super(stream, { ...options, faults });
  }

  /** `why`: what the client did not keep to, as a sentence for the records. */
  giveUp(why: string): void {
    this.fail(new GatehouseError('client_timeout', 'client', why, { status: 408 }));
  }

  /** The same for what is no body by HTTP. */
  refuse(why: string): void {
    this.fail(new GatehouseError('bad_request', 'client', why, { status: 400 }));
  }
}
