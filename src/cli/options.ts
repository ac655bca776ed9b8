// Options that several commands share.
import { Option } from 'commander';

export const CONFIG_OPTION = (): Option =>
  new Option('-c, --config <file>', 'the configuration').default('gatehouse.yaml');

export const JSON_OPTION = (): Option => new Option('--json', 'print JSON');
