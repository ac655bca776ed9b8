// Changes of verdicts, put together by what they are about: a rule, a field, a page. Bounded.
import { formatFieldPath } from '../config/syntax/field-path.ts';
import { formOfPath } from '../http/path-form.ts';
import { fieldOf } from '../waf/exception-fields.ts';

export interface ChangeGroup {
  /**
   * stops: it passed, or nobody knows, and would be stopped. passes: the other way round. finds: a rule that is tried out
   * finds something, and the verdict stays.
   */
  readonly change: 'stops' | 'passes' | 'finds';
  readonly rule: number;
  readonly msg: string;
  readonly field: string;
  readonly path: string;
  count: number;
  /** Of those that are known to be honest. */
  good: number;
  readonly samples: string[];
}

/** A request whose verdict changes. */
export interface Changed {
  readonly name: string;
  /** Canonical where it has such a form. */
  readonly path: string;
  readonly isGood: boolean;
}

const MAX_GROUPS = 1_000;
const MAX_SAMPLES = 5;

export class ChangeGroups {
  readonly #groups = new Map<string, ChangeGroup>();
  readonly #left = new Set<string>();

  /** Groups beyond the bound, which are not kept. */
  get others(): number {
    return this.#left.size;
  }

  /** `fields`: labels of findings, `ARGS:id`. */
  note(change: ChangeGroup['change'], { name, path, isGood }: Changed, rule: ChangedRule): void {
    const form = formOfPath(path);
    const fields = new Set(rule.fields.map((label) => formatFieldPath(fieldOf(label))));
    for (const field of fields.size === 0 ? [''] : fields) {
      const key = `${change} ${rule.id} ${field} ${form}`;
      let group = this.#groups.get(key);
      if (group === undefined) {
        if (this.#groups.size >= MAX_GROUPS) {
          if (this.#left.size < MAX_GROUPS) this.#left.add(key);
          continue;
        }
        group = { change, rule: rule.id, msg: rule.msg, field, path: form, count: 0, good: 0, samples: [] };
        this.#groups.set(key, group);
      }
      group.count++;
      if (isGood) group.good++;
      if (group.samples.length < MAX_SAMPLES) group.samples.push(name);
    }
  }

  /** What concerns honest requests first, then the most. */
  all(): ChangeGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.good - a.good || b.count - a.count);
  }
}

export interface ChangedRule {
  readonly id: number;
  readonly msg: string;
  readonly fields: readonly string[];
}
