// The body of a stored answer in other codings: each is made once, for everybody, and kept with it.
import type { Codings } from '../http/reply.ts';

export class StoredCodings implements Codings {
  readonly #made = new Map<string, Promise<Buffer>>();
  readonly #onMade: (bytes: number) => void;

  constructor(onMade: (bytes: number) => void) {
    this.#onMade = onMade;
  }

  get(coding: string, encode: () => Promise<Buffer>): Promise<Buffer> {
    return this.#made.getOrInsertComputed(coding, () => this.#make(coding, encode));
  }

  async #make(coding: string, encode: () => Promise<Buffer>): Promise<Buffer> {
    try {
      const body = await encode();
      this.#onMade(body.length);
      return body;
    } catch (error) {
      this.#made.delete(coding);
      throw error;
    }
  }
}
