// What a program may import: load a configuration, start a gateway, stop it.
export { GatehouseError, type Problem, ProblemsError } from './base/errors.ts';
export type { Config } from './config/config.ts';
export { loadConfig, parseConfig } from './config/load.ts';
export { Gateway } from './gateway/gateway.ts';
