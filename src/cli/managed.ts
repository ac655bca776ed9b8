// An ordered certificate in words: one line when all is well, and a loud one below it when it is not.
import type { ManagedStatus } from '../acme/status.ts';

const DAY_MS = 24 * 3_600_000;

/** `nowMs` is since 1970, as everywhere. */
export function managedInWords(status: ManagedStatus, nowMs: number): string[] {
  const { name, failure } = status;
  const lines = [`${name}  ${inService(status, nowMs)}`];
  if (failure !== undefined) {
    const { message, count, at } = failure;
    const times = count === 1 ? `at ${at}` : `${count} times, last at ${at}`;
    lines.push(`  FAILING  ${name} could not be ordered (${times}): ${message}`, `  next try at ${nextTryOf(status)}`);
  }
  return lines;
}

/** One that was renewed before its time, by hand, and failed, is not tried again before its time. */
export function nextTryOf({ failure, renewAt }: ManagedStatus): string | undefined {
  const isLater = failure !== undefined && renewAt !== undefined && Date.parse(renewAt) > Date.parse(failure.nextTry);
  return isLater ? renewAt : failure?.nextTry;
}

function inService({ state, notAfter, renewAt, issuedBy, profile, isAdvised }: ManagedStatus, nowMs: number): string {
  if (notAfter === undefined) {
    return state === 'working' ? 'being ordered for the first time' : 'no certificate yet, the local CA stands in';
  }
  const facts = [
    `${lifeLeft(notAfter, nowMs)}`,
    renewAt === undefined ? undefined : `renewal at ${renewAt}${isAdvised ? ', as the authority advises' : ''}`,
    issuedBy === undefined ? 'brought along' : `from ${new URL(issuedBy).host}`,
    profile === undefined ? undefined : `profile ${profile}`,
    state === 'working' ? 'being renewed now' : undefined,
  ];
  return facts.filter((fact) => fact !== undefined).join('; ');
}

export function lifeLeft(notAfter: string, nowMs: number): string {
  const leftMs = Date.parse(notAfter) - nowMs;
  if (leftMs <= 0) return `EXPIRED on ${notAfter}`;
  const days = Math.floor(leftMs / DAY_MS);
  return `until ${notAfter} (${days >= 1 ? `${days} days` : `${Math.ceil(leftMs / 3_600_000)} h`})`;
}
