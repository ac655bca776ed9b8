// The last findings of the rules, as they were recorded: what a running gateway can explain. Bounded by number and by
// memory, and redacted already, since it holds records and nothing else.
import type { FindingRecord } from './finding-record.ts';

export interface RecentFinding extends FindingRecord {
  /** RFC 3339, UTC. */
  readonly time: string;
}

export interface RecentBounds {
  readonly findings: number;
  readonly bytes: number;
}

interface Kept {
  readonly finding: RecentFinding;
  readonly bytes: number;
}

export class RecentFindings {
  bounds: RecentBounds;
  /** In the order in which they came. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(bounds: RecentBounds) {
    this.bounds = bounds;
  }

  add(record: FindingRecord): void {
    if (this.bounds.findings === 0) return;
    const bytes = sizeOf(record);
    if (bytes > this.bounds.bytes) return;
    this.#drop(record.requestId);
    this.#kept.set(record.requestId, { finding: { time: new Date().toISOString(), ...record }, bytes });
    this.#bytes += bytes;
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= this.bounds.findings && this.#bytes <= this.bounds.bytes) break;
      this.#drop(id);
    }
  }

  find(requestId: string): RecentFinding | undefined {
    return this.#kept.get(requestId)?.finding;
  }

  /** The newest last. */
  all(): RecentFinding[] {
    return Array.from(this.#kept.values(), ({ finding }) => finding);
  }

  #drop(requestId: string): void {
    const kept = this.#kept.get(requestId);
    if (kept === undefined) return;
    this.#kept.delete(requestId);
    this.#bytes -= kept.bytes;
  }
}

/** Objects and the short texts that rules share with each other. */
const OVERHEAD = 512;

/** About what a finding takes; texts may take two bytes a character. */
function sizeOf({ path, rules, request, response }: FindingRecord): number {
  let chars = path.length;
  for (const { value, matched, data, raw, msg, fields } of rules) {
    chars += OVERHEAD / 2 + value.length + matched.length + data.length + raw.length + msg.length;
    for (const field of fields) chars += field.length;
  }
  for (const field of [...(request?.headers ?? []), ...(response?.headers ?? []), request?.body ?? ''])
    chars += field.length;
  return OVERHEAD + 2 * chars;
}
