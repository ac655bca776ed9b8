// Tells when files have changed, also by being replaced, or by way of a symbolic link as certbot and Kubernetes do it.
// It asks the file system again and again: no kind of notification sees all of these.
import { stat } from 'node:fs/promises';

export class FileWatch {
  readonly #paths: readonly string[];
  readonly #onChange: () => void;
  /** What was last told of, or found at the beginning; undefined: not looked yet. */
  #known: string | undefined;
  #previous: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(paths: readonly string[], onChange: () => void) {
    this.#paths = [...new Set(paths)];
    this.#onChange = onChange;
  }

  /** Does not keep the process alive. */
  start(intervalMs: number): void {
    if (this.#paths.length > 0) this.#timer = setInterval(() => void this.look(), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Looks once. A change is told at the second look that finds the same, so that a certificate and its key, written one
   * after the other, are one change.
   */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const found = (await Promise.all(this.#paths.map(signature))).join();
    this.#isLooking = false;
    this.#known ??= found;
    const isSettled = found === this.#previous;
    this.#previous = found;
    if (found === this.#known || !isSettled) return;
    this.#known = found;
    this.#onChange();
  }
}

/** Of what the path leads to in the end. A file that is not there has one too. */
async function signature(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
