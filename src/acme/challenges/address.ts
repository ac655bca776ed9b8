// Addresses in the two forms that TLS-ALPN-01 needs: as bytes, and as a name in the reverse zone.
import { isIP } from 'node:net';

/** The 4 or 16 bytes of an address without a zone. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // One spelling: no IPv4 tail.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [words(head), words(tail ?? '')];
  const middle = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return Buffer.from([...left, ...middle, ...right].map((word) => word.padStart(4, '0')).join(''), 'hex');
}

/** RFC 8738, 6. */
export function reverseName(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  return `${addressBytes(address).toString('hex').split('').reverse().join('.')}.ip6.arpa`;
}
