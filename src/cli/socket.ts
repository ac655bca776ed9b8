// Where a command finds the running gateway.
import path from 'node:path';
import { GatehouseError, ProblemsError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';

/** The socket as it is named, else the one of the configuration. Fails when that has none. */
export function adminSocket({ config, socket }: { readonly config: string; readonly socket?: string }): string {
  const place = socket === undefined ? socketOf(config) : path.resolve(socket);
  if (place !== undefined) return place;
  throw new GatehouseError('config_invalid', 'gateway', `${config} switches admin.socket off, so nothing can be asked`);
}

/** Also of a file with faults elsewhere: that is when an operator wants to know what is still running. */
function socketOf(file: string): string | undefined {
  const { config, draft, problems } = loadConfig(file, { env: process.env });
  const place = (config ?? draft)?.admin.socket;
  if (place === undefined && config === undefined) throw new ProblemsError(problems);
  return place;
}
