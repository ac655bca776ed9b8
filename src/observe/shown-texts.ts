// The texts of one exchange as they are shown: looked through for secrets, and cut. Many rules quote the same text, so each
// is worked out once; of a long one only a part is looked at.
import { readableText } from '../base/text.ts';
import type { KnownSecrets } from './secrets/known.ts';
import type { SecretReading } from './secrets/reading.ts';

/** Characters of one value in a record of findings. */
const MAX_VALUE = 512;
const MAX_LABEL = 256;
/** Of a longer text this many times what is shown is looked through. */
const WINDOW = 4;
/** By as many characters two texts are taken to be the same place. */
const MAX_PLACE = 256;
const NEAR = 32;

export interface Values {
  /** As a rule saw it, transformed. */
  readonly value: string;
  /** The part of it that matched. */
  readonly matched: string;
  /** As it came. */
  readonly raw: string;
}

interface Shown {
  readonly text: string;
  /** All that was looked through, without secrets. */
  readonly window: string;
  readonly isWhole: boolean;
}

export class ShownTexts {
  readonly #reading: SecretReading;
  readonly #secrets: KnownSecrets;
  readonly #hidden = new Map<string, string>();
  readonly #labels = new Map<string, string>();

  constructor(reading: SecretReading, secrets: KnownSecrets) {
    this.#reading = reading;
    this.#secrets = secrets;
  }

  text(text: string, limit: number = MAX_VALUE): string {
    return this.#show(text, limit).text;
  }

  /** A client may give a header or a field a name of any length. */
  name(name: string): string {
    return cut(name, MAX_LABEL, false);
  }

  label(label: string): string {
    let shown = this.#labels.get(label);
    if (shown === undefined) {
      const window = this.#windowOf(label, MAX_LABEL);
      shown = cut(this.#reading.label(window, this.#secrets), MAX_LABEL, window.length < label.length);
      this.#labels.set(label, shown);
    }
    return shown;
  }

  /** A part that matched is shown where all that it touches is, and a value when no secret became another text in it. */
  values(found: Values): Values {
    const value = this.#show(found.value, MAX_VALUE);
    const raw = found.raw === found.value ? value : this.#show(found.raw, MAX_VALUE);
    const { mark } = this.#reading;
    if (count(value.window, mark) < count(raw.window, mark)) return { value: mark, matched: mark, raw: raw.text };
    return { value: value.text, matched: this.#matched(found, value), raw: raw.text };
  }

  /** Where a part begins decides: what follows has its own name before it. */
  #matched({ value, matched }: Values, shown: Shown): string {
    const part = this.#show(matched, MAX_VALUE);
    const { mark } = this.#reading;
    if (shown.isWhole && !shown.window.includes(mark)) return part.text;
    const place = this.#windowOf(matched, MAX_PLACE / WINDOW);
    const at = value.indexOf(place);
    // A phrase of the rule's own.
    if (at === -1) return part.text;
    const opening = this.#hide(place);
    if (shown.isWhole) return shown.window.includes(opening) ? part.text : mark;
    const around = this.#hide(value.slice(Math.max(0, at - MAX_VALUE), at + MAX_VALUE));
    const near = value.slice(Math.max(0, at - NEAR), at + NEAR);
    return around.includes(opening) && !this.#secrets.quotes(near) ? part.text : mark;
  }

  #show(text: string, limit: number): Shown {
    const looked = this.#windowOf(text, limit);
    const isWhole = looked.length === text.length;
    const window = this.#hide(looked);
    return { text: cut(window, limit, !isWhole), window, isWhole };
  }

  #hide(text: string): string {
    let hidden = this.#hidden.get(text);
    if (hidden === undefined) {
      hidden = this.#reading.hide(text, this.#secrets);
      this.#hidden.set(text, hidden);
    }
    return hidden;
  }

  /** As much of a text as is looked through; it does not end within a secret, which would be none that is found. */
  #windowOf(text: string, limit: number): string {
    if (text.length <= limit * WINDOW) return text;
    const window = text.slice(0, limit * WINDOW);
    return window.slice(0, this.#secrets.cutAt(window));
  }
}

function cut(text: string, limit: number, isPart: boolean): string {
  return isPart || text.length > limit ? `${readableText(text.slice(0, limit))}…` : readableText(text);
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
