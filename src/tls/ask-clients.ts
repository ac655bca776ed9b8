// Asks the clients of some sites for their certificates, on a port that all sites share. Node asks the clients of a
// whole server or nobody; which name a client wants is known within the handshake only, and there OpenSSL can still be
// told whether to ask. That takes two methods of Node's own (`setVerifyMode`, `verifyError`). A Node without them asks
// every client: worse for browsers, whose users see a dialogue, but nobody comes in unseen.
import { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { isAnsweringChallenge } from './alpn.ts';
import type { Certificate } from './certificate.ts';
import { askingContext, type ClientPolicy } from './client-policy.ts';
import { coversName } from './names.ts';
import { currentSelector, type SelectorSource } from './select.ts';

/** Whom a server asks; it changes when certificates are loaded anew. */
export interface ClientAsking {
  /** What clients that send this name, or none, are asked by; undefined: they are not asked. */
  clientPolicyFor(sni: string | undefined): ClientPolicy | undefined;
  /** All that are in force. */
  readonly clientPolicies: readonly ClientPolicy[];
  /** What `canAskByName` says. */
  readonly asksByName: boolean;
}

export const ASKS_NOBODY: ClientAsking = {
  clientPolicyFor: () => undefined,
  clientPolicies: [],
  asksByName: true,
};

/** What Node keeps to itself. */
interface Handle {
  setVerifyMode?(requestCert: boolean, rejectUnauthorized: boolean): void;
  verifyError?(): Error | null | undefined;
}

interface Internals {
  readonly _handle?: Handle | null;
  /** The TCP socket. */
  readonly _parent?: Socket;
}

/** By TLS socket for clients with a name, by TCP socket for all others. */
const asked = new WeakMap<object, ClientPolicy>();

/**
 * Gets a certificate for a name that no certificate in service covers but perhaps the local CA's; the handshake waits
 * for a promise.
 */
export type Demand = (serverName: string) => Certificate | Promise<Certificate | undefined> | undefined;

let isSelective: boolean | undefined;

/** Whether this Node can ask the clients of one name and leave others alone. */
export function canAskByName(): boolean {
  if (isSelective !== undefined) return isSelective;
  const socket = new TLSSocket(new Socket(), { isServer: true, secureContext: createSecureContext() });
  const handle = (socket as Internals)._handle;
  isSelective = typeof handle?.setVerifyMode === 'function' && typeof handle.verifyError === 'function';
  socket.destroy();
  return isSelective;
}

/** Whether the server has to ask before it knows the name: for clients that send none, or because it cannot choose. */
export function asksBeforeName(asking: ClientAsking): boolean {
  return asking.asksByName ? asking.clientPolicyFor(undefined) !== undefined : asking.clientPolicies.length > 0;
}

/** By what the server's own context checks clients: those that send no name. */
export function trustWithoutName(asking: ClientAsking): SecureContextOptions {
  return asking.clientPolicyFor(undefined)?.trust ?? {};
}

/**
 * The `SNICallback`: certificate and authorities of the name, and whether to ask at all. It runs in full handshakes only;
 * a resumed one brings the certificate that was shown in the first. A name without a certificate gets the server's own
 * context, which has none either (`options.ts`), so the client gets a handshake_failure alert; an error here would cut
 * the connection without a word. Node does not call it for clients that send no name.
 */
export function sniCallback(
  source: SelectorSource,
  asking: () => ClientAsking = () => ASKS_NOBODY,
  demand?: Demand,
): (this: unknown, servername: string, callback: (error: Error | null, context?: SecureContext) => void) => void {
  return function (servername, callback) {
    // Over TLS 1.3 the protocol is chosen first, and a challenge has its certificate already (`alpn.ts`).
    if (isAnsweringChallenge(this as TLSSocket)) {
      callback(null);
      return;
    }
    const found = currentSelector(source).select(servername);
    const socket = this as Internals;
    const demanded = demand === undefined || isFit(found, servername) ? undefined : demand(servername);
    if (!(demanded instanceof Promise)) answer(socket, servername, demanded ?? found, asking(), callback);
    else void demanded.then((made) => answer(socket, servername, made ?? found, asking(), callback));
  };
}

/** The local CA's serves only until there is a better one. */
function isFit(certificate: Certificate | undefined, servername: string): boolean {
  return certificate !== undefined && certificate.source !== 'internal' && coversName(certificate, servername);
}

function answer(
  socket: Internals,
  servername: string,
  certificate: Certificate | undefined,
  present: ClientAsking,
  callback: (error: Error | null, context?: SecureContext) => void,
): void {
  const policy = present.clientPolicyFor(servername);
  // Where the mode cannot be set, the server asks everybody, and this policy still says what is made of the answer.
  if (present.clientPolicies.length > 0 && present.asksByName)
    socket._handle?.setVerifyMode?.(policy !== undefined, false);
  if (certificate === undefined || policy === undefined) {
    callback(null, certificate?.context);
    return;
  }
  asked.set(socket, policy);
  callback(null, askingContext(certificate, policy));
}

/** Notes on a fresh TCP connection what it is asked by if it sends no name. In the same turn in which Node takes it. */
export function noteUnnamed(socket: Socket, asking: ClientAsking): void {
  const policy = asking.clientPolicyFor(undefined);
  if (policy !== undefined) asked.set(socket, policy);
}

/** What the handshake, a full one, has asked by; undefined: it has not asked. */
export function askedBy(socket: TLSSocket): ClientPolicy | undefined {
  if (typeof socket.servername === 'string') return asked.get(socket);
  const { _parent: parent } = socket as Internals;
  return parent === undefined ? undefined : asked.get(parent);
}

/**
 * Whether OpenSSL finds the certificate good by the authorities that it was asked by. Says nothing when none was shown:
 * OpenSSL calls a resumed TLS 1.3 session without a certificate good.
 */
export function isFoundGood(socket: TLSSocket): boolean {
  const handle = (socket as Internals)._handle;
  return typeof handle?.verifyError === 'function' ? handle.verifyError() === null : socket.authorized;
}
