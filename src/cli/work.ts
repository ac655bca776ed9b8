// What a worker's process runs. Not for people: its supervisor starts it and tells it what to do.
import { Command } from 'commander';
import { Worker } from '../cluster/worker.ts';
import { GatewayControl, printedAddress } from './control.ts';
import { FAILED, say, WRONG } from './outcome.ts';
import { WORK } from './self.ts';

/** Signals that reach all processes of a terminal or a service; the supervisor heeds them for all. */
const HEEDED_BY_SUPERVISOR = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

export function workCommand(): Command {
  return new Command(WORK).argument('<number>').action(async (number: string) => {
    if (process.send === undefined) {
      say('gatehouse: this is started by `gatehouse run` with `workers`');
      process.exitCode = WRONG;
      return;
    }
    process.title = `gatehouse worker ${number}`;
    for (const signal of HEEDED_BY_SUPERVISOR) process.on(signal, () => {});
    try {
      await Worker.run(
        (gateway, reloads) =>
          new GatewayControl(gateway, {
            get state() {
              return reloads.state;
            },
            reload: () => Promise.reject(new Error('a worker is not asked to reload')),
          }),
        ({ addresses: { https, http } }) => ({ https: https.map(printedAddress), http: http.map(printedAddress) }),
      );
    } catch {
      // Its supervisor was told why.
      process.exitCode = FAILED;
    }
    process.exit();
  });
}
