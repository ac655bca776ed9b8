// Names that a certificate holds and a client asks for: one spelling for each, and the rule by which one covers
// the other (RFC 9525, 6.3). Never looser than that rule: what it accepts, browsers accept.
import type { X509Certificate } from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import { plainAddress } from '../base/ip.ts';

const MAX_DNS_NAME_LENGTH = 253;
const DNS_NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
/** One entry of Node's printed SAN; values with unusual characters stand in quotes, as in JSON. */
const SAN_ENTRY = /(?:^|, )(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g;

/**
 * The one spelling of a host name or address: lower case, no trailing dot, IPv6 compressed and without brackets. Never
 * throws.
 */
export function normalName(name: string): string {
  let plain = name.toLowerCase();
  if (plain.endsWith('.')) plain = plain.slice(0, -1);
  if (plain.startsWith('[') && plain.endsWith(']')) plain = plain.slice(1, -1);
  if (!plain.includes(':') || isIP(plain) !== 6 || plain.includes('%')) return plain;
  return plainAddress(new SocketAddress({ address: plain, family: 'ipv6' }).address);
}

/** In any spelling. */
export function isAddress(name: string): boolean {
  return isIP(normalName(name)) !== 0;
}

/** Whether a name in its one spelling can stand in a certificate: an address, a DNS name, or `*.` and a DNS name. */
export function isCertificateName(name: string): boolean {
  // A zone (`fe80::1%eth0`) has a meaning on one machine only.
  if (isIP(name) !== 0) return !name.includes('%');
  return name.length <= MAX_DNS_NAME_LENGTH && DNS_NAME.test(name);
}

/**
 * The DNS names and addresses of the subject alternative name, in their one spelling and in the certificate's order.
 * The subject's common name counts only when there is no such extension. Names that no client can ask for are left out.
 */
export function certificateNames(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName === undefined ? commonNames(certificate) : alternativeNames(certificate);
  return [...new Set(names.map(normalName).filter(isCertificateName))];
}

function alternativeNames(certificate: X509Certificate): string[] {
  const names: string[] = [];
  for (const [, , value = ''] of (certificate.subjectAltName ?? '').matchAll(SAN_ENTRY)) {
    names.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return names;
}

function commonNames(certificate: X509Certificate): string[] {
  const names = certificate.toLegacyObject().subject.CN as string | string[] | undefined;
  return names === undefined ? [] : [names].flat();
}

/**
 * What a wildcard for this host would be: the host with its first label replaced; undefined for addresses and single
 * labels.
 */
export function wildcardFor(host: string): string | undefined {
  const dot = host.indexOf('.');
  return dot < 1 || isIP(host) !== 0 ? undefined : `*${host.slice(dot)}`;
}

/**
 * Whether clients take the certificate for this host name or address: it holds the same name, or `*` for exactly its
 * first label (RFC 9525, 6.3). No wildcard covers an address, `f*.example.com` covers nothing, and `*.example.com` as a
 * host asks for that very wildcard.
 */
export function coversName(certificate: { readonly names: readonly string[] }, host: string): boolean {
  const wanted = normalName(host);
  if (!isCertificateName(wanted)) return false;
  if (certificate.names.includes(wanted)) return true;
  const wildcard = wildcardFor(wanted);
  return wildcard !== undefined && certificate.names.includes(wildcard);
}
