// What a soak says at its end: requests by kind, failures with their reasons, memory of each process over time.
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';

/** Of one moment; MiB by the name of the process. */
export interface MemorySample {
  readonly atMs: number;
  readonly byProcess: ReadonlyMap<string, number>;
}

export function render(
  ledger: Ledger,
  faults: Faults,
  memory: readonly MemorySample[],
  certificates: number,
  said: ReadonlyMap<string, number>,
): string {
  const lines = ['', pad(['kind', 'done', 'failed, explained', 'failed, unexplained'])];
  for (const [kind, { done, explained, unexplained }] of ledger.kinds) {
    lines.push(pad([kind, String(done), String(total(explained)), String(total(unexplained))]));
  }
  const reasons = new Map<string, number>();
  for (const { explained } of ledger.kinds.values()) {
    for (const [reason, count] of explained) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  lines.push('', 'explained:', ...Array.from(reasons, ([reason, count]) => `  ${count} ${reason}`));
  lines.push('unexplained:');
  for (const [kind, { unexplained }] of ledger.kinds) {
    for (const [why, count] of unexplained) lines.push(`  ${count} ${kind}: ${why}`);
  }
  lines.push('', 'meanwhile:', ...Object.entries(faults.counts).map(([what, count]) => `  ${count} ${what}`));
  lines.push(`  ${certificates} certificates seen by clients`);
  lines.push(...faults.faults.map((fault) => `FAULT ${fault}`));
  lines.push('', 'the gateway said:', ...Array.from(said, ([words, count]) => `  ${count} ${words}`));
  lines.push('', 'memory, MiB resident:', ...memoryLines(memory));
  return `${lines.join('\n')}\n`;
}

const SHOWN = 12;

/** Not every moment of a long run. */
function memoryLines(samples: readonly MemorySample[]): string[] {
  const step = Math.max(1, Math.ceil(samples.length / SHOWN));
  const shown = samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
  return shown.map(({ atMs, byProcess }) => {
    const each = Array.from(byProcess, ([name, mib]) => `${name} ${mib.toFixed(0)}`);
    return `  ${String(Math.round(atMs / 1000)).padStart(5)} s  ${each.join(', ')}`;
  });
}

const WIDTHS = [26, 10, 20, 20];

function pad(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0] as number) : cell.padStart(WIDTHS[i] as number)))
    .join('');
}

function total(counts: ReadonlyMap<string, number>): number {
  return counts.values().reduce((sum, count) => sum + count, 0);
}
