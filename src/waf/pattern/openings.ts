// Which bytes a way that stands at a state can take next: the backtracker does not try what fails at the next byte.
import type { Alphabet } from './alphabet.ts';
import { ATOMIC, BYTE, LOOK, MATCH, type Nfa, REFERENCE, SPLIT } from './nfa.ts';

/**
 * 1 at `state * columns + column` where the state may go on when a byte of that column comes next; the column `edge`
 * stands for no byte. Never 0 where it may: assertions and backreferences count as if they held.
 */
export function openingsOf(nfa: Nfa, { columns, edge, members }: Alphabet): Uint8Array {
  const { op, arg, out, branches } = nfa;
  const opens = new Uint8Array(op.length * columns);
  const sources = (state: number): Int32Array => {
    const from = out[state]!;
    if (op[state] === SPLIT) return branches.subarray(from, from + arg[state]!);
    if (op[state] === LOOK) return branches.subarray(from + 1, from + 2);
    // What is atomic may take nothing: then its own end, which goes on with every byte, has said so.
    return op[state] === ATOMIC ? branches.subarray(from, from + 1) : out.subarray(state, state + 1);
  };
  for (let state = 0; state < op.length; state++) {
    const row = state * columns;
    if (op[state] === MATCH || op[state] === REFERENCE) opens.fill(1, row, row + columns);
    if (op[state] !== BYTE) continue;
    const set = arg[state]! * columns;
    for (let column = 0; column < edge; column++) opens[row + column] = members[set + column]!;
  }
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (let state = 0; state < op.length; state++) {
      if (op[state] === BYTE || op[state] === MATCH || op[state] === REFERENCE) continue;
      for (const source of sources(state)) {
        if (addRow(opens, source * columns, state * columns, columns)) isChanged = true;
      }
    }
  }
  return opens;
}

function addRow(opens: Uint8Array, from: number, to: number, columns: number): boolean {
  let isChanged = false;
  for (let column = 0; column < columns; column++) {
    if (opens[from + column] === 0 || opens[to + column] === 1) continue;
    opens[to + column] = 1;
    isChanged = true;
  }
  return isChanged;
}
