// Makes the rules of a shadow those that act: one change of the configuration file.
import { GatehouseError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { changeConfig } from './change-file.ts';
import { promoteShadow } from './edit-config.ts';

/** Fails with a GatehouseError when the site has no shadow or it is not written out, with a ProblemsError as `changeConfig`. */
export function promote({ sites }: Config, file: string, name: string): void {
  const site = sites.find((each) => each.name === name);
  const route = site?.routes.findIndex(({ waf }) => waf?.shadow !== undefined);
  if (site === undefined || route === undefined || route === -1) {
    const names = sites.filter(({ routes }) => routes.some(({ waf }) => waf?.shadow !== undefined));
    const which =
      names.length === 0 ? 'no site has one' : `those that have: ${names.map((each) => each.name).join(', ')}`;
    throw new GatehouseError('config_invalid', 'gateway', `${name} has no shadow; ${which}`);
  }
  changeConfig(file, (text) => promoteShadow(text, { site: name, route }));
}
