// The story of one name as this process knows it: read from the storage and written there. What the storage does not take is
// known as long as the process lives.
import type { FailureKind } from './problem.ts';
import type { CertificateStore } from './store.ts';
import type { Story } from './story.ts';

export class StoryBook {
  story: Story = {};
  readonly #name: string;
  readonly #store: Pick<CertificateStore, 'story' | 'saveStory'>;
  /** The storage did not take it: what is in memory counts. */
  #isUnsaved = false;

  constructor(name: string, store: Pick<CertificateStore, 'story' | 'saveStory'>) {
    this.#name = name;
    this.#store = store;
  }

  /** As it is stored. */
  async load(): Promise<void> {
    this.story = await this.#store.story(this.#name);
  }

  /** As another process may have gone on with it. */
  async refresh(): Promise<void> {
    const stored = await this.#store.story(this.#name);
    const failures = { ...stored.failures, ...this.story.failures };
    this.story = this.#isUnsaved ? { ...this.story, failures } : stored;
  }

  /** Never fails: the failures in it were told already. */
  async save(): Promise<void> {
    try {
      await this.#store.saveStory(this.#name, this.story);
      this.#isUnsaved = false;
    } catch {
      this.#isUnsaved = true;
    }
  }

  /** Failures of that kind are no reason to wait any more; false: there are none. */
  forget(kind: FailureKind): boolean {
    const all = Object.entries(this.story.failures ?? {});
    const others = all.filter(([, failure]) => failure.kind !== kind);
    if (others.length === all.length) return false;
    this.story = { ...this.story, failures: Object.fromEntries(others) };
    return true;
  }
}
