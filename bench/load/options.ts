// What `npm run bench -- ...` understands.
import { parseArgs } from 'node:util';
import type { Scenario } from './scenarios.ts';
import { scenarios } from './scenarios.ts';
import type { System } from './system.ts';
import { systems } from './systems.ts';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
  readonly systems: readonly System[];
  readonly json: boolean;
  readonly save: boolean;
  /** Last part of the file name of --save. */
  readonly name: string;
}

export const USAGE = `npm run bench -- [options]
  --rounds N        rounds, in each of which every system has its turn (3)
  --seconds S       length of one measurement (3)
  --only A,B        scenarios: ${names(scenarios)}
  --start-up        start-up and memory alone, no scenario
  --systems A,B     systems: ${names(systems)}
  --json            everything measured, as JSON on stdout
  --save            write bench/results/DATE-NAME.md
  --name NAME       for --save (load)
`;

/** Fails with an Error whose message is for the user. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string' },
      'start-up': { type: 'boolean', default: false },
      systems: { type: 'string' },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      name: { type: 'string', default: 'load' },
    },
  });
  if (!/^[\w-]+$/.test(values.name)) throw new Error('--name takes letters, digits and dashes');
  return {
    rounds: whole('--rounds', values.rounds),
    seconds: whole('--seconds', values.seconds),
    scenarios: values['start-up'] ? [] : chosen('--only', values.only, scenarios),
    systems: chosen('--systems', values.systems, systems),
    json: values.json,
    save: values.save,
    name: values.name,
  };
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${option} takes a whole number from 1, not "${text}"`);
  return value;
}

function chosen<T extends { name: string }>(option: string, text: string | undefined, all: readonly T[]): readonly T[] {
  if (text === undefined) return all;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !all.some((entry) => entry.name === name));
  if (unknown !== undefined) throw new Error(`${option}: there is no "${unknown}", only ${names(all)}`);
  return all.filter(({ name }) => wanted.includes(name));
}

function names(all: readonly { name: string }[]): string {
  return all.map(({ name }) => name).join(',');
}
