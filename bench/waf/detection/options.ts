// What the laboratory is asked for.
import { parseArgs } from 'node:util';

export interface Options {
  readonly paranoia: readonly number[];
  /** A folder of the OWASP Core Rule Set, or rule files: measured beside. */
  readonly rules: readonly string[];
  readonly list: 'missed' | 'false' | undefined;
  readonly only: string | undefined;
  readonly limit: number;
  readonly by: 'class' | 'placement' | 'encoding';
  readonly json: boolean;
  /** Attacks between lines of prose. */
  readonly padded: boolean;
  /** A sample that goes through a real gateway. */
  readonly live: number;
}

export const USAGE = `usage: node bench/waf/detection/main.ts [options]
  --paranoia 1,2        levels of paranoia (1)
  --rules DIR           a folder of the OWASP Core Rule Set, measured beside; may be repeated
  --class NAME          one class of attacks or kind of honest requests
  --by placement        attacks by class, placement or encoding (class)
  --list missed|false   show cases, with the rules that spoke; never those of the exam
  --limit N             how many of them (40)
  --padded              attacks between lines of prose
  --live N              send N of each sort through a running gateway as well
  --json                figures as JSON
`;

/** Fails with an Error whose message is for the user. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      paranoia: { type: 'string', default: '1' },
      rules: { type: 'string', multiple: true, default: [] },
      class: { type: 'string' },
      by: { type: 'string', default: 'class' },
      list: { type: 'string' },
      limit: { type: 'string', default: '40' },
      live: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      padded: { type: 'boolean', default: false },
    },
  });
  const { list, by } = values;
  if (list !== undefined && list !== 'missed' && list !== 'false')
    throw new Error(`--list takes missed or false\n${USAGE}`);
  if (by !== 'class' && by !== 'placement' && by !== 'encoding')
    throw new Error(`--by takes class, placement or encoding\n${USAGE}`);
  const paranoia = values.paranoia.split(',').map(Number);
  if (paranoia.some((level) => ![1, 2, 3, 4].includes(level)))
    throw new Error(`--paranoia takes levels from 1 to 4\n${USAGE}`);
  return {
    paranoia,
    rules: values.rules,
    list,
    only: values.class,
    limit: Number(values.limit),
    by,
    json: values.json,
    padded: values.padded,
    live: Number(values.live),
  };
}
