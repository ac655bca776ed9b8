// The first bytes of a connection from a balancer that speaks the PROXY protocol, versions 1 and 2
// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt): whom it has taken the connection from. Read strictly, since
// whoever is believed here is believed everywhere.
import { isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../base/ip.ts';
import type { Ends } from './connection.ts';

/** Version 2 may bring along up to 64 KiB of further facts, of which nothing is used. */
export const MAX_PROXY_HEADER_BYTES = 4096;

/** `size`: where the client's own bytes begin. `ends` undefined: the balancer speaks for itself (a health check). */
export interface ProxyHeader {
  readonly size: number;
  readonly ends: Ends | undefined;
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const TEXT = Buffer.from('PROXY ', 'latin1');
/** The longest line of version 1, with its end. */
const MAX_LINE_BYTES = 107;
const V2_HEAD_BYTES = 16;

/** `more`: not all of it is there. `malformed`: it never will be. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (begins(bytes, SIGNATURE)) return readBinary(bytes);
  return begins(bytes, TEXT) ? readLine(bytes) : 'malformed';
}

/** As far as they go. */
function begins(bytes: Buffer, wanted: Buffer): boolean {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.compare(wanted, 0, length, 0, length) === 0;
}

const LINE = /^PROXY (?:UNKNOWN(?: [ -~]*)?|(TCP[46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (\d{1,5}) (\d{1,5}))$/;

function readLine(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf('\r\n');
  if (end === -1) return bytes.length < MAX_LINE_BYTES ? 'more' : 'malformed';
  const size = end + 2;
  const parts = LINE.exec(bytes.toString('latin1', 0, end));
  if (parts === null) return 'malformed';
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = parts;
  if (family === undefined) return { size, ends: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination)) return 'malformed';
  const [peerPort, localPort] = [readPort(sourcePort), readPort(destinationPort)];
  if (peerPort === undefined || localPort === undefined) return 'malformed';
  return { size, ends: { peer: plainAddress(source), peerPort, localAddress: plainAddress(destination), localPort } };
}

function readPort(text: string): number | undefined {
  const port = Number(text);
  return port <= 65_535 && String(port) === text ? port : undefined;
}

function readBinary(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (bytes.length < V2_HEAD_BYTES) return 'more';
  const command = bytes[12] as number;
  const family = bytes[13] as number;
  const size = V2_HEAD_BYTES + bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) return 'malformed';
  const addressBytes = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  // LOCAL says nothing of addresses, whatever stands in their place.
  const isLocal = command === 0x20;
  if (!isLocal && (addressBytes === 0 || size < V2_HEAD_BYTES + 2 * addressBytes + 4)) return 'malformed';
  if (size > MAX_PROXY_HEADER_BYTES) return 'malformed';
  if (bytes.length < size) return 'more';
  if (isLocal) return { size, ends: undefined };
  const portsAt = V2_HEAD_BYTES + 2 * addressBytes;
  return {
    size,
    ends: {
      peer: readAddress(bytes.subarray(V2_HEAD_BYTES, V2_HEAD_BYTES + addressBytes)),
      peerPort: bytes.readUInt16BE(portsAt),
      localAddress: readAddress(bytes.subarray(V2_HEAD_BYTES + addressBytes, portsAt)),
      localPort: bytes.readUInt16BE(portsAt + 2),
    },
  };
}

/** As the system writes it, so that one client has one spelling. */
function readAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return plainAddress(canonicalIpv6(groups.join(':')));
}

/** RFC 5952, by way of the URL parser. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
