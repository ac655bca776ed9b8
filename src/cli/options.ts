// Options that several commands share.
import { Option } from 'commander';

export const CONFIG_OPTION = (): Option =>
  new Option('-c, --config <file>', 'the configuration').default('gatehouse.yaml');

export const JSON_OPTION = (): Option => new Option('--json', 'print JSON');

export const SOCKET_OPTION = (): Option =>
  new Option('--socket <path>', 'the admin.socket of the gateway, in place of reading the configuration');
