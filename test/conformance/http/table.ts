// A table of requests as bytes, and what may become of each: a refusal, or one clean request at a backend that reads as
// strictly as it can be read. Nothing else may ever reach it.
import { expect } from 'vitest';
import { speak } from '../../support/speak.ts';
import type { StrictBackend, StrictRequest } from '../../support/strict-backend.ts';
import { startStrictBackend } from '../../support/strict-backend.ts';
import { startGateway, type World } from '../../support/world.ts';

/** `refused`: any 4xx, 501 or 505, or a closed connection without an answer; a number: that status and no other. */
export type Allowed = 'refused' | number | Partial<StrictRequest> | ((request: StrictRequest) => boolean);

export interface Case {
  readonly name: string;
  readonly bytes: string | readonly string[];
  readonly allowed: Allowed;
  /** How many answers the bytes ask for; 1 unless said. */
  readonly answers?: number;
}

export interface Scene {
  readonly world: World;
  readonly backend: StrictBackend;
}

export async function openScene(more = '', site = ''): Promise<Scene> {
  const backend = await startStrictBackend();
  const world = await startGateway(`${more}\nsites: { localhost: { to: "${backend.url}", ${site} } }`);
  return { world, backend };
}

/** Runs every case of a table; each that fails is told, not only the first. */
export async function runTable({ world, backend }: Scene, cases: readonly Case[]): Promise<void> {
  for (const { name, bytes, allowed, answers = 1 } of cases) {
    backend.requests.length = 0;
    const { statuses, text } = await speak(world, bytes, { answers });
    const requests = backend.requests.filter(({ target }) => target !== '/after');
    const shown = `${name}: ${JSON.stringify(text.slice(0, 60))}, the backend got ${JSON.stringify(requests)}`;
    if (allowed === 'refused' || typeof allowed === 'number') {
      const isRefused = statuses.every((status) => isRefusal(status, allowed));
      expect
        .soft(isRefused && requests.length === 0 && (allowed === 'refused' || statuses.length > 0), shown)
        .toBe(true);
    } else {
      expect.soft(requests.length, shown).toBe(answers);
      if (typeof allowed === 'function') expect.soft(requests.every(allowed), shown).toBe(true);
      else expect.soft(requests[0], shown).toMatchObject(allowed);
    }
  }
  expect(backend.faults).toEqual([]);
}

function isRefusal(status: number, allowed: 'refused' | number): boolean {
  if (typeof allowed === 'number') return status === allowed;
  return (status >= 400 && status < 500) || status === 501 || status === 505;
}
