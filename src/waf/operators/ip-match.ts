// ipMatch and ipMatchFromFile. A value that is no address matches nothing; an IPv4-mapped IPv6 one is its IPv4 address,
// so that nobody leaves a list by writing his address in the other way.
import { isIP } from 'node:net';
import { ipSet, plainAddress } from '../../base/ip.ts';
import { type Operator, OperatorError, type Test } from './operator.ts';

/** Addresses and CIDR blocks with commas between them (ModSecurity reference manual, ipMatch). */
export const ipMatch: Operator = {
  name: 'ipmatch',
  macros: false,
  compile: ({ argument }) => compileList(argument.split(',')),
};

/** The same, one or several a line of a file, `#` beginning a comment (ModSecurity reference manual, ipMatchFromFile). */
export const ipMatchFromFile: Operator = {
  name: 'ipmatchfromfile',
  macros: false,
  compile({ argument, lines }) {
    if (lines === undefined) throw new OperatorError(`the file "${argument}" was not read`);
    return compileList(lines.flatMap((line) => line.replace(/#.*$/s, '').split(',')));
  },
};

function compileList(entries: readonly string[]): Test {
  const blocks = entries
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseBlock);
  if (blocks.length === 0) throw new OperatorError('there is no address to compare with');
  const set = ipSet(blocks);
  return (value) => set.has(plainAddress(value));
}

/** Bits of an IPv4-mapped address that say only that it is one (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96;

function parseBlock(entry: string): string {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(bits <= most)) {
    throw new OperatorError(`"${entry}" is not an address or a CIDR block`);
  }
  const plain = plainAddress(address);
  if (isIP(plain) === family) return `${plain}/${bits}`;
  // A block that is wider than all mapped addresses says more than an IPv4 block could.
  return bits < MAPPED_BITS ? `${address}/${bits}` : `${plain}/${bits - MAPPED_BITS}`;
}
