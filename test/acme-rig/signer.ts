// Signed requests with anything wrong in them that a test likes; no client library would send those.
import type { KeyObject } from 'node:crypto';
import { createPublicKey, sign } from 'node:crypto';

export interface Wrong {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly contentType?: string;
  readonly breakSignature?: boolean;
}

export interface Told {
  readonly status: number;
  readonly type: string;
  readonly location: string;
  readonly body: Record<string, unknown>;
}

export class Signer {
  readonly #key: KeyObject;
  readonly #directory: Record<string, string>;
  kid: string | undefined;

  private constructor(key: KeyObject, directory: Record<string, string>) {
    this.#key = key;
    this.#directory = directory;
  }

  static async at(directory: string, key: KeyObject): Promise<Signer> {
    return new Signer(key, (await (await fetch(directory)).json()) as Record<string, string>);
  }

  async nonce(): Promise<string> {
    const answer = await fetch(this.#directory.newNonce as string, { method: 'HEAD' });
    return answer.headers.get('replay-nonce') as string;
  }

  /** Right in all but `wrong`; `to` is a word of the directory. */
  async post(to: string, payload: object | undefined, wrong: Wrong = {}): Promise<Told> {
    const url = this.#directory[to] as string;
    const isRsa = this.#key.asymmetricKeyType === 'rsa';
    const jwk = createPublicKey(this.#key).export({ format: 'jwk' });
    const header = {
      alg: isRsa ? 'RS256' : 'ES256',
      nonce: await this.nonce(),
      url,
      ...(this.kid === undefined ? { jwk } : { kid: this.kid }),
      ...wrong.header,
    };
    const signed = [JSON.stringify(header), payload === undefined ? '' : JSON.stringify(payload)].map((text) =>
      Buffer.from(text).toString('base64url'),
    );
    const signature = sign('sha256', Buffer.from(signed.join('.')), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    if (wrong.breakSignature) signature[0] = (signature[0] as number) ^ 1;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': wrong.contentType ?? 'application/jose+json' },
      body: JSON.stringify({ protected: signed[0], payload: signed[1], signature: signature.toString('base64url') }),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    return {
      status: answer.status,
      type: String(body.type).replace('urn:ietf:params:acme:error:', ''),
      location: answer.headers.get('location') ?? '',
      body,
    };
  }
}
