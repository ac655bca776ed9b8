// Addresses and sets of them, on Node's own BlockList.
import { BlockList, isIP } from 'node:net';

/** A set of addresses and CIDR blocks. */
export interface IpSet {
  /** False for what is not an address. */
  has(address: string): boolean;
}

const NOTHING: IpSet = { has: () => false };

/** Takes bare addresses and CIDR blocks that were checked before; throws a RangeError on anything else. */
export function ipSet(blocks: readonly string[]): IpSet {
  if (blocks.length === 0) return NOTHING;
  const list = new BlockList();
  for (const block of blocks) addBlock(list, block);
  return {
    has(address: string): boolean {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

function addBlock(list: BlockList, block: string): void {
  const slash = block.indexOf('/');
  const address = slash === -1 ? block : block.slice(0, slash);
  const family = isIP(address);
  if (family === 0) throw new RangeError(`"${block}" is not an address or a CIDR block`);
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (slash === -1) list.addAddress(address, type);
  else list.addSubnet(address, Number(block.slice(slash + 1)), type);
}

/** The IPv4 address inside an IPv4-mapped IPv6 one (RFC 4291, 2.5.5.2); anything else as it is, without a zone. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = MAPPED.exec(address);
  if (mapped !== null)
    return mapped[1] ?? ipv4(Number.parseInt(mapped[2] ?? '', 16), Number.parseInt(mapped[3] ?? '', 16));
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** Whom an address counts as: an IPv4 address alone, an IPv6 one as its /64, which is one household or machine. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::', 2);
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  // An IPv4 address at the end stands for two groups.
  const length = first.length + last.length + (address.includes('.') ? 1 : 0);
  const groups = [...first, ...Array<string>(Math.max(0, 8 - length)).fill('0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

const MAPPED = /^::ffff:(?:([\d.]+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i;

function ipv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
