// `gatehouse schema`: the JSON Schema that editors complete from.
import { Argument, Command } from 'commander';
import { configSchema } from '../config/schema.ts';
import { rulesSchema } from '../waf/native/schema.ts';
import { printJson } from './outcome.ts';

export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of a kind of file, for editors')
    .addArgument(new Argument('<kind>', 'which file').choices(['config', 'rules']))
    .addHelpText(
      'after',
      `
Save it and name it in the first line of your file, and editors with YAML support complete and explain every key:
  gatehouse schema config > gatehouse.schema.json
  # yaml-language-server: $schema=gatehouse.schema.json`,
    )
    .action((kind: string) => printJson(kind === 'rules' ? rulesSchema : configSchema));
}
