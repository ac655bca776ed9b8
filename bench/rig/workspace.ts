// The temporary folder of one run: what the backend serves, what clients post, and the certificate of all systems.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate } from '../../src/tls/issue.ts';

/** The name that clients ask for; it is never looked up. */
export const HOST = 'bench.test';

/** What the backend serves: name and length. */
export const FILES: ReadonlyMap<string, number> = new Map([
  ['1k', 1024],
  ['16k', 16 * 1024],
  ['100k', 100 * 1024],
  ['10m', 10 * 2 ** 20],
]);
/** The answer to every POST. */
export const POST_REPLY = 'ok';
export const POST_BYTES = 4096;

const DAY_MS = 86_400_000;

export class Workspace implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  readonly www: string = join(this.folder, 'www');
  readonly cert: string = join(this.folder, 'cert.pem');
  readonly key: string = join(this.folder, 'key.pem');
  /** Both in one file, as haproxy wants them. */
  readonly certWithKey: string = join(this.folder, 'both.pem');
  readonly postBody: string = join(this.folder, 'post.json');

  constructor() {
    // A server that gives up root's rights must still reach what it serves.
    chmodSync(this.folder, 0o755);
    mkdirSync(this.www);
    for (const [name, bytes] of FILES) writeFileSync(join(this.www, name), Buffer.alloc(bytes, 'gatehouse bench '));
    // nginx answers a POST only where there is a file, and then with that of another name.
    for (const name of ['post', 'ok']) writeFileSync(join(this.www, name), POST_REPLY);
    writeFileSync(this.postBody, jsonOf(POST_BYTES));
    this.#writeCertificate();
  }

  /** The path of a file in the folder, written at once when its text is given. */
  file(name: string, text?: string): string {
    const path = join(this.folder, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeCertificate(): void {
    const { cert, key } = newCertificate();
    writeFileSync(this.cert, cert);
    writeFileSync(this.key, key);
    writeFileSync(this.certWithKey, cert + key);
  }
}

/** A port that is free now; peers that cannot take port 0 and tell it are given this one. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

function jsonOf(bytes: number): string {
  const empty = JSON.stringify({ comment: '' });
  return JSON.stringify({ comment: 'An ordinary sentence. '.repeat(bytes).slice(0, bytes - empty.length) });
}

/** PEM, ECDSA P-256, signed by itself: no client here looks who signed it. */
export function newCertificate(): { readonly cert: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = issueCertificate({
    commonName: HOST,
    key: privateKey,
    issuer: undefined,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    names: [HOST],
  });
  return { cert: certificate.toString(), key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
}
