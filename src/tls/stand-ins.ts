// Certificates of the local CA that stand in while an authority is yet to issue: one for each site as long as there are
// few. With hundreds of sites the start would wait for hundreds of signatures and files, so then they share some.
import type { Certificate } from './certificate.ts';
import type { SitePlan } from './plan.ts';

const MOST_ALONE = 20;
const TOGETHER = 50;

/** What some sites share. */
export interface StandIn {
  readonly names: readonly string[];
  /** Once it is made. */
  certificate: Certificate | undefined;
}

/** For each plan whose names all wait for an authority, where there are too many for one each. */
export function standIns(plans: readonly SitePlan[]): ReadonlyMap<SitePlan, StandIn> {
  const waiting = plans.filter(
    ({ internal, wanted }) => internal.length > 0 && internal.every((name) => wanted.includes(name)),
  );
  const groups = new Map<SitePlan, StandIn>();
  if (waiting.length <= MOST_ALONE) return groups;
  for (let first = 0; first < waiting.length; first += TOGETHER) {
    const plansTogether = waiting.slice(first, first + TOGETHER);
    const group: StandIn = { names: plansTogether.flatMap(({ internal }) => internal), certificate: undefined };
    for (const plan of plansTogether) groups.set(plan, group);
  }
  return groups;
}
