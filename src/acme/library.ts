// The libraries that speak ACME take a third of a second to load. The doors are open before that, and a gateway whose
// authority has nothing to do never loads them.
import type acme from 'acme-client';
import type { AxiosStatic } from 'axios';

interface Libraries {
  readonly acme: typeof acme;
  readonly axios: AxiosStatic;
}

let loading: Promise<Libraries> | undefined;

/** Loads them once; every later call has them at hand. */
export function libraries(): Promise<Libraries> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Libraries> {
  const [{ default: acme }, { default: axios }] = await Promise.all([import('acme-client'), import('axios')]);
  return { acme, axios };
}
