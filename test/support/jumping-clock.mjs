// Loaded in front of a program: its wall clock jumps by the hours that stand in the file CLOCK_FILE, as often as it has SIGWINCH.
import { readFileSync } from 'node:fs';

const Real = Date;
let offsetMs = 0;

class JumpingDate extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(Real.now() + offsetMs);
    else super(...parts);
  }

  static now() {
    return Real.now() + offsetMs;
  }
}

globalThis.Date = JumpingDate;
process.on('SIGWINCH', () => {
  offsetMs = Number(readFileSync(process.env.CLOCK_FILE, 'utf8')) * 3_600_000;
  process.stderr.write(`the clock is off by ${offsetMs} ms\n`);
});
