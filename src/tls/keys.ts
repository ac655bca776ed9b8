// Private keys that Gatehouse makes: one kind everywhere, ECDSA on P-256, which every client and authority takes.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A new ECDSA key on P-256. */
export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** PKCS#8, not encrypted. */
export function pemOfKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}
