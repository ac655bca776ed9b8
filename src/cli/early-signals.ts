// Signals that ask something of a gateway, as log rotation and service managers do, and may come while it still starts: they
// would end the process. They are kept until somebody heeds them. Imports nothing, so that it is there at once.

const ASKING = ['SIGHUP', 'SIGUSR2'] as const;
type Asking = (typeof ASKING)[number];

const came = new Set<Asking>();
const keep = (signal: Asking): void => {
  came.add(signal);
};

/** From now on they do not end the process. */
export function keepSignals(): void {
  for (const signal of ASKING) process.on(signal, keep as NodeJS.SignalsListener);
}

/** Calls for each one that comes, and at once for what came before; once per signal and process. */
export function heed(signal: Asking, act: () => void): void {
  process.on(signal, act);
  process.off(signal, keep as NodeJS.SignalsListener);
  if (came.delete(signal)) act();
}
