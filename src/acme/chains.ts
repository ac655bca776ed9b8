// The chains that an authority offers for one certificate (RFC 8555, 7.4.2).
import { X509Certificate } from 'node:crypto';
import { isFit } from './documents.ts';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const LINK = /<([^<>]*)>([^<]*)/g;
const MAX_ALTERNATES = 8;
const MAX_CERTIFICATES = 20;

/** URLs of further chains, from a Link field. */
export function alternatesOf(link: unknown, directory: string): string[] {
  if (typeof link !== 'string') return [];
  return [...link.matchAll(LINK)]
    .filter(([, url, rest = '']) => /;\s*rel="?alternate\b/i.test(rest) && isFit(url, directory))
    .map(([, url]) => url as string)
    .slice(0, MAX_ALTERNATES);
}

/** Whether the last certificate was issued by an authority with this common name. */
export function endsAt(chainPem: string, commonName: string): boolean {
  const last = (chainPem.match(PEM) ?? []).slice(0, MAX_CERTIFICATES).at(-1);
  try {
    return last !== undefined && new X509Certificate(last).issuer.split('\n').includes(`CN=${commonName}`);
  } catch {
    return false;
  }
}
