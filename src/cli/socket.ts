// Where a command finds the running gateway.
import path from 'node:path';
import { GatehouseError } from '../base/errors.ts';
import { readConfig } from './outcome.ts';

/** The socket as it is named, else the one of the configuration. Fails when that has none. */
export function adminSocket({ config, socket }: { readonly config: string; readonly socket?: string }): string {
  const place = socket === undefined ? readConfig(config).admin.socket : path.resolve(socket);
  if (place !== undefined) return place;
  throw new GatehouseError('config_invalid', 'gateway', `${config} switches admin.socket off, so nothing can be asked`);
}
