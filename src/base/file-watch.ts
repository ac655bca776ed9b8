// Tells when files have changed, also by being replaced, or by way of a symbolic link as certbot and Kubernetes do it.
// It asks the file system again and again: no kind of notification sees all of these.
import { stat } from 'node:fs/promises';

export class FileWatch {
  readonly #paths: readonly string[];
  /** What was last told of, or found at the first look; undefined: not looked yet. */
  #known: string | undefined;
  #previous: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(paths: readonly string[]) {
    this.#paths = [...new Set(paths)];
  }

  /** Does not keep the process alive. */
  start(intervalMs: number, onChange: () => void): void {
    if (this.#paths.length === 0) return;
    const look = async (): Promise<void> => {
      if (await this.look()) onChange();
    };
    this.#timer = setInterval(() => void look(), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Whether there was a change that has come to rest: the first look, which belongs before the files are read, has found
   * something else, and the last look the same as this one. So a certificate and its key, written one after the other,
   * are one change. A look while another is under way sees nothing.
   */
  async look(): Promise<boolean> {
    if (this.#isLooking) return false;
    this.#isLooking = true;
    const found = (await Promise.all(this.#paths.map(signature))).join();
    this.#isLooking = false;
    this.#known ??= found;
    const isChanged = found !== this.#known && found === this.#previous;
    this.#previous = found;
    if (isChanged) this.#known = found;
    return isChanged;
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
