// Replaces `${NAME}`, `${NAME:-default}` and `${file:/path}` inside one scalar, after YAML was parsed:
// what comes in can never become a key, a list or a comment. `$${` stands for a literal `${`.

import { isAbsolute, join } from 'node:path';
import { readTextFile } from './read-file.ts';

/** Secrets and certificates are small; a larger file was named by mistake. */
const maxSecretBytes = 1024 * 1024;
/** `${A:-${B:-${C}}}` has three levels. */
const maxNesting = 8;

export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Paths in `${file:…}` are relative to it. */
  readonly baseDir: string;
}

export interface Fault {
  readonly code: 'bad-reference' | 'unset-variable' | 'unreadable-file';
  /** Holds only what the file itself says, never a value from the environment. */
  readonly text: string;
}

export interface Interpolated {
  readonly text: string;
  /** True when anything came from outside; the text must then not be shown. */
  readonly isForeign: boolean;
  readonly faults: readonly Fault[];
}

const help = `write \${NAME}, \${NAME:-default} or \${file:/path}; $\${ stands for a literal \${`;

/** Replaces every reference of one scalar; all faults are told, not only the first. */
export function interpolate(source: string, from: Environment): Interpolated {
  if (!source.includes('${')) return { text: source, isForeign: false, faults: [] };
  return new Interpolation(source, from).run();
}

/** True when a text is nothing but references, without a default: it may be shown even where a secret belongs. */
export function isPureReference(source: string): boolean {
  return /^(?:\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$\{file:[^${}]+\})+$/.test(source);
}

class Interpolation {
  readonly #source: string;
  readonly #from: Environment;
  readonly #faults: Fault[] = [];
  #at = 0;
  #isForeign = false;

  constructor(source: string, from: Environment) {
    this.#source = source;
    this.#from = from;
  }

  run(): Interpolated {
    const text = this.#textUntilEnd(0);
    return { text, isForeign: this.#isForeign, faults: this.#faults };
  }

  /** Reads on to the end, or inside a default to its closing brace. */
  #textUntilEnd(depth: number): string {
    let text = '';
    while (this.#at < this.#source.length) {
      if (depth > 0 && this.#source[this.#at] === '}') break;
      if (this.#source.startsWith('$${', this.#at)) {
        text += '${';
        this.#at += 3;
      } else if (this.#source.startsWith('${', this.#at)) {
        text += this.#reference(depth + 1);
      } else {
        text += this.#source[this.#at++];
      }
    }
    return text;
  }

  #reference(depth: number): string {
    const start = this.#at;
    this.#at += 2;
    const head = /(?:file:[^${}]*|[A-Za-z_][A-Za-z0-9_]*)/y;
    head.lastIndex = this.#at;
    const name = head.exec(this.#source)?.[0] ?? '';
    this.#at += name.length;
    let fallback: (() => string) | undefined;
    if (depth <= maxNesting && !name.startsWith('file:') && this.#source.startsWith(':-', this.#at)) {
      this.#at += 2;
      const faultsBefore = this.#faults.length;
      const text = this.#textUntilEnd(depth);
      const faults = this.#faults.splice(faultsBefore);
      fallback = () => {
        this.#faults.push(...faults);
        return text;
      };
    }
    if (name === '' || this.#source[this.#at] !== '}') return this.#malformed(start);
    this.#at += 1;
    return name.startsWith('file:') ? this.#file(name.slice(5)) : this.#variable(name, fallback);
  }

  #variable(name: string, fallback: (() => string) | undefined): string {
    const value = Object.hasOwn(this.#from.env, name) ? this.#from.env[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) {
      this.#isForeign = true;
      return value;
    }
    if (fallback !== undefined) return fallback();
    this.#faults.push({
      code: 'unset-variable',
      text: `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
    });
    return '';
  }

  #file(path: string): string {
    const name = path.trim();
    if (name === '') return this.#fail('bad-reference', `\${file:} names no file; ${help}`);
    const read = readTextFile(isAbsolute(name) ? name : join(this.#from.baseDir, name), maxSecretBytes, true);
    if ('reason' in read) return this.#fail('unreadable-file', `the file ${name} cannot be read: ${read.reason}`);
    this.#isForeign = true;
    return read.text.replace(/[\r\n]+$/, '');
  }

  /** Skips to the end: what follows an unclosed brace cannot be told apart from it. */
  #malformed(start: number): string {
    const isClosed = this.#source.indexOf('}', start) >= 0;
    this.#at = this.#source.length;
    return this.#fail(
      'bad-reference',
      `\${ is ${isClosed ? 'not followed by a name' : 'never closed with }'}; ${help}`,
    );
  }

  #fail(code: Fault['code'], text: string): string {
    this.#faults.push({ code, text });
    return '';
  }
}
