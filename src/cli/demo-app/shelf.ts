// Where uploads are kept, in memory, up to one bound for all of them together. What finds no room is counted and
// digested all the same, and then gone.
import { createHash, randomUUID } from 'node:crypto';

export interface Stored {
  id: string;
  name: string;
  bytes: Uint8Array;
}

export interface Received {
  /** Undefined: too large to keep. */
  id: string | undefined;
  name: string;
  size: number;
  sha256: string;
}

export const SHELF_BYTES: number = 10 * 1024 * 1024;

export class Shelf {
  readonly #files: Stored[] = [];
  /** Bytes of kept files and of those still arriving. */
  #used = 0;

  list(): readonly Stored[] {
    return this.#files;
  }

  find(id: string): Stored | undefined {
    return this.#files.find((file) => file.id === id);
  }

  receive(name: string): Arrival {
    return new Arrival(this, name);
  }

  /** Makes room by dropping the oldest files; false when arriving files alone fill the shelf. */
  reserve(size: number): boolean {
    while (this.#used + size > SHELF_BYTES) {
      const oldest = this.#files.shift();
      if (oldest === undefined) return false;
      this.release(oldest.bytes.length);
    }
    this.#used += size;
    return true;
  }

  release(size: number): void {
    this.#used -= size;
  }

  /** Its bytes are reserved already. */
  put(file: Stored): void {
    this.#files.push(file);
  }
}

/** A file on its way in. Ends with `finish` or `abandon`. */
export class Arrival {
  readonly #shelf: Shelf;
  readonly #name: string;
  readonly #hash = createHash('sha256');
  /** One growing block: a list of chunks would cost far more than its bytes when they come one by one. */
  #kept: ArrayBuffer | undefined = new ArrayBuffer(0, { maxByteLength: SHELF_BYTES });
  #size = 0;

  constructor(shelf: Shelf, name: string) {
    this.#shelf = shelf;
    this.#name = name;
  }

  write(chunk: Buffer): void {
    this.#hash.update(chunk);
    if (this.#kept !== undefined) {
      const at = this.#kept.byteLength;
      if (at + chunk.length <= SHELF_BYTES && this.#shelf.reserve(chunk.length)) {
        this.#kept.resize(at + chunk.length);
        new Uint8Array(this.#kept, at).set(chunk);
      } else {
        this.abandon();
      }
    }
    this.#size += chunk.length;
  }

  finish(): Received {
    const id = this.#kept === undefined ? undefined : randomUUID();
    if (this.#kept !== undefined && id !== undefined) {
      this.#shelf.put({ id, name: this.#name, bytes: new Uint8Array(this.#kept.slice(0)) });
      this.#kept = undefined;
    }
    return { id, name: this.#name, size: this.#size, sha256: this.#hash.digest('hex') };
  }

  /** Keeps nothing of it; what still comes is counted only. */
  abandon(): void {
    if (this.#kept !== undefined) this.#shelf.release(this.#kept.byteLength);
    this.#kept = undefined;
  }
}
