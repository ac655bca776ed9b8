// A failed write must not hide an answer that has already come: a backend that refuses an upload
// (413, 401) answers, closes, and resets what we still send, all before we have read. By itself a
// Node socket destroys itself at the failed write, and the answer is lost in the kernel's buffer.
import type { Socket } from 'node:net';

/** How long a connection whose writing side is gone may stay silent before it is given up. */
export const WRITE_ERROR_GRACE_MS = 1000;

/** The part of a stream's state that no public option reaches after construction. */
interface StreamState {
  autoDestroy: boolean;
  errored: Error | null;
}

interface StreamStates {
  _readableState?: StreamState;
  _writableState?: StreamState;
}

/** Lets the socket live on after a failed write, which it still reports as 'error'; whoever reads it must destroy it. */
export function surviveWriteError(socket: Socket): void {
  setAutoDestroy(socket, false);
}

/** Gives the socket its usual ways back, for whoever owns it next. */
export function dieOfWriteError(socket: Socket): void {
  setAutoDestroy(socket, true);
}

/** After 'error' on a socket that lives: without this its end would never be told. */
export function forgetWriteError(socket: Socket): void {
  const { _readableState } = socket as unknown as StreamStates;
  if (_readableState !== undefined) _readableState.errored = null;
}

function setAutoDestroy(socket: Socket, isOn: boolean): void {
  const { _readableState, _writableState } = socket as unknown as StreamStates;
  if (_readableState !== undefined) _readableState.autoDestroy = isOn;
  if (_writableState !== undefined) _writableState.autoDestroy = isOn;
}
