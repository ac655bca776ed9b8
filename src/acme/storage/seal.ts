// What lies in a store that others can read, and write, is sealed there: nobody who lacks the secret can read it, alter it,
// or put it in the place of another (AES-256-GCM, the key of the storage is part of what is checked).
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

const KEY_BYTES = 32;
const ID_BYTES = 6;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
/** `sealed:1:`, which secret it was, and nonce, tag and text together. */
const SEALED = /^sealed:1:([\w-]{8}):([A-Za-z0-9_-]+)$/;

/** foreign: under another secret, or none here; broken: what nobody with the secret has written. */
export type Opened = { readonly text: string } | 'foreign' | 'broken';

export interface Seal {
  close(key: string, text: string): string;
  open(key: string, text: string): Opened;
}

/** What was sealed elsewhere cannot be opened. */
export const noSeal: Seal = {
  close: (_, text) => text,
  open: (_, text) => (text.startsWith('sealed:') ? 'foreign' : { text }),
};

/** Takes some tens of milliseconds: secrets that people make up are not to be tried out quickly. */
export function sealBy(secret: string, prefix: string): Seal {
  const derived = scryptSync(secret, `gatehouse certificates of ${prefix}`, KEY_BYTES + ID_BYTES);
  const own = derived.subarray(0, KEY_BYTES);
  const ownId = derived.subarray(KEY_BYTES).toString('base64url');
  return {
    close(key, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, own, nonce).setAAD(Buffer.from(key));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `sealed:1:${ownId}:${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(key, text) {
      const [, id, body] = SEALED.exec(text) ?? [];
      if (id === undefined || body === undefined) return 'broken';
      if (id !== ownId) return 'foreign';
      const bytes = Buffer.from(body, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return 'broken';
      const [nonce, rest] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
      try {
        const cipher = createDecipheriv(CIPHER, own, nonce, { authTagLength: TAG_BYTES });
        cipher.setAAD(Buffer.from(key)).setAuthTag(rest.subarray(0, TAG_BYTES));
        return { text: Buffer.concat([cipher.update(rest.subarray(TAG_BYTES)), cipher.final()]).toString('utf8') };
      } catch {
        return 'broken';
      }
    },
  };
}
