// A request with its place in the store.
import type { Exchange } from '../http/exchange.ts';
import type { Ask } from './ask.ts';

export interface Place {
  readonly x: Exchange;
  readonly ask: Ask;
  /** Of the resource. */
  readonly key: string;
  /** What makes a difference besides the fields that Vary names: the route, the port, what a trusted proxy says. */
  readonly context: string;
}
