// Which zones may hold a name.

/** Lookups for one name; a name has more labels only when somebody plays. */
const maxCandidates = 16;

/**
 * The name itself and those above it, the longest first, down to names of `least` labels. The name itself may be
 * a zone: `_acme-challenge.example.com` can be delegated as one.
 */
export function zoneCandidates(fqdn: string, least: 1 | 2): string[] {
  const labels = fqdn.split('.');
  const all = labels.map((_, index) => labels.slice(index).join('.'));
  return all.slice(0, Math.max(0, labels.length - least + 1)).slice(-maxCandidates);
}

/** Whether the name is the zone's own or stands below it. */
export function isWithin(fqdn: string, zone: string): boolean {
  return zone === '' || fqdn === zone || fqdn.endsWith(`.${zone}`);
}
