// What is not as it should be though the gateway serves, in one list: for /readyz, `status` and the figures.
import type { ReloadState } from '../admin/control.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { aloneInWords } from '../gateway/sharing.ts';
import { descriptors } from '../observe/descriptors.ts';
import type { RemarkKind } from '../observe/metrics-source.ts';

export interface Remark {
  readonly kind: RemarkKind;
  readonly words: string;
}

/** From this part of them on it is time to allow more. */
const MOST_DESCRIPTORS = 0.9;
const BANS_LOST = 'bans cannot be written to `certificates.storage`; a restart would forget some';
/** Names in one remark. */
const MOST_NAMED = 3;

export function remarksOf(gateway: Gateway, reload: ReloadState | undefined): Remark[] {
  return [
    ...of('shared', sharedRemark(gateway)),
    ...of('reload', reloadRemark(reload)),
    ...gateway.records.failing.flatMap((words) => of('records', words)),
    ...of('bans', gateway.kept.limiting.areBansLost ? BANS_LOST : undefined),
    ...of('certificate', ordersRemark(gateway)),
    ...of('certificate', endedRemark(gateway)),
    ...of('certificate', untrustedRemark(gateway)),
    ...upstreamRemarks(gateway).flatMap((words) => of('upstream', words)),
    ...of('descriptors', descriptorsRemark(gateway)),
  ];
}

function of(kind: RemarkKind, words: string | undefined): Remark[] {
  return words === undefined ? [] : [{ kind, words }];
}

function sharedRemark({ shared, runtime }: Gateway): string | undefined {
  if (shared === undefined || shared.status.state === 'up') return undefined;
  // Since when is told by `status`: workers differ in it, and what all say is to be said once.
  return `the shared store is ${shared.status.state}; ${aloneInWords(runtime.config)}`;
}

/** Why is told to operators only: it may name files. */
function reloadRemark(reload: ReloadState | undefined): string | undefined {
  return reload?.ok === false
    ? `the configuration was not reloaded at ${reload.at}; what ran before goes on`
    : undefined;
}

/** That the shared store is down, and what comes of it, is a remark already. */
function ordersRemark(gateway: Gateway): string | undefined {
  const isTold = gateway.runtime.config.certificates.isShared && sharedRemark(gateway) !== undefined;
  const failing = (gateway.keeper?.status() ?? [])
    .filter(({ state, failure }) => state === 'failing' && !(isTold && failure?.kind === 'storage'))
    .map(({ name }) => name);
  return failing.length === 0 ? undefined : `no certificate can be had at the moment for ${named(failing)}`;
}

function endedRemark({ runtime }: Gateway): string | undefined {
  const ended = runtime.loaded.certificates.filter(({ notAfter }) => notAfter.getTime() <= Date.now());
  return ended.length === 0 ? undefined : `the certificate has ended for ${named(ended.flatMap(({ names }) => names))}`;
}

/** Why is among the warnings of `status`: it names files. */
function untrustedRemark({ runtime: { loaded } }: Gateway): string | undefined {
  const { untrusted } = loaded;
  return untrusted.length === 0 ? undefined : `a certificate that nobody trusts stands in for ${named(untrusted)}`;
}

function upstreamRemarks({ runtime }: Gateway): string[] {
  const isOut = ({ backends }: (typeof groups)[number][1]): boolean =>
    backends.every(({ condition }) => condition.isOut);
  const groups = [...runtime.upstreams];
  return groups.filter(([, group]) => isOut(group)).map(([name]) => `no server of ${name} is well`);
}

function descriptorsRemark({ mostByDescriptors: most }: Gateway): string | undefined {
  const found = descriptors();
  if (most !== undefined)
    return `${most} clients are in, and no more are let in, because of ${found?.max} file descriptors; allow more (ulimit -n, LimitNOFILE)`;
  if (found === undefined || found.open < found.max * MOST_DESCRIPTORS) return undefined;
  return `nearly all of ${found.max} file descriptors are in use; allow more (ulimit -n, LimitNOFILE)`;
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}
