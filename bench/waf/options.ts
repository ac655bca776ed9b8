// What `npm run bench:waf -- ...` understands.
import { parseArgs } from 'node:util';
import type { Case } from './cases.ts';
import { cases } from './cases.ts';
import { DEBIAN_RULES } from './rule-files.ts';

export interface Options {
  /** A folder of the OWASP Core Rule Set. */
  readonly rules: string;
  readonly paranoia: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly cases: readonly Case[];
  readonly json: boolean;
  readonly save: boolean;
  /** Last part of the file name of --save. */
  readonly name: string;
  readonly endToEnd: boolean;
  readonly worst: boolean;
  /** The engine blocks nothing in the search for the worst. */
  readonly detect: boolean;
}

export const USAGE = `npm run bench:waf -- [options]
  --rules DIR       a folder of the OWASP Core Rule Set (${DEBIAN_RULES})
  --paranoia A,B    paranoia levels (1,2)
  --rounds N        rounds, in each of which every side has its turn (3)
  --seconds S       CPU time of one measurement (1)
  --only A,B        cases: ${names(cases)}
  --no-end-to-end   without nginx and the gateway under load
  --worst           inputs that are meant to be slow, instead of the cases
  --detect          with --worst: the engine blocks nothing, so that it reads all
  --json            everything measured, as JSON on stdout
  --save            write bench/results/DATE-NAME.md
  --name NAME       for --save (waf, or waf-worst)
`;

/** Fails with an Error whose message is for the user. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      rules: { type: 'string', default: DEBIAN_RULES },
      paranoia: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string' },
      'end-to-end': { type: 'boolean', default: true },
      worst: { type: 'boolean', default: false },
      detect: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      name: { type: 'string' },
    },
  });
  const name = values.name ?? (values.worst ? 'waf-worst' : 'waf');
  if (!/^[\w-]+$/.test(name)) throw new Error('--name takes letters, digits and dashes');
  return {
    rules: values.rules,
    paranoia: values.paranoia.split(',').map((text) => whole('--paranoia', text, 4)),
    rounds: whole('--rounds', values.rounds),
    seconds: whole('--seconds', values.seconds),
    cases: chosenCases(values.only),
    json: values.json,
    save: values.save,
    name,
    endToEnd: values['end-to-end'],
    worst: values.worst,
    detect: values.detect,
  };
}

function whole(option: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new Error(`${option} takes a whole number from 1, not "${text}"`);
  }
  return value;
}

function chosenCases(text: string | undefined): readonly Case[] {
  if (text === undefined) return cases;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !cases.some((entry) => entry.name === name));
  if (unknown !== undefined) throw new Error(`--only: there is no "${unknown}", only ${names(cases)}`);
  return cases.filter(({ name }) => wanted.includes(name));
}

function names(all: readonly { name: string }[]): string {
  return all.map(({ name }) => name).join(',');
}
