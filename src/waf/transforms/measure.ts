// length, md5 and sha1: what says something of the whole value and holds nothing of it.
import { createHash } from 'node:crypto';
import { bytesOf, type Transform } from './transform.ts';

/** The number of bytes in decimal (ModSecurity reference manual, length). */
export const length: Transform = {
  name: 'length',
  lengthens: true,
  triggers: undefined,
  adds: bytesOf('0123456789'),
  apply: (value) => String(value.length),
};

/** The digest's sixteen bytes; hexEncode prints them (ModSecurity reference manual, md5). */
export const md5: Transform = digest('md5');

/** The digest's twenty bytes; hexEncode prints them (ModSecurity reference manual, sha1). */
export const sha1: Transform = digest('sha1');

function digest(name: 'md5' | 'sha1'): Transform {
  return {
    name,
    lengthens: true,
    triggers: undefined,
    adds: 'any',
    apply: (value) => createHash(name).update(value, 'latin1').digest('latin1'),
  };
}
