// Which captures decide something, and are not only quoted: what they catch must be whole, however long it takes.
import type { Link, Rule } from './rule.ts';
import { isCapture } from './target.ts';

const CAPTURED = /%\{tx\.\d\}/i;

/** Whether what a link of a rule catches is read by a condition, or kept in a variable. */
export function decisiveCaptures(rules: readonly Rule[]): (rule: Rule, link: number) => boolean {
  const isHandedOn = rules.some(readsOthers);
  return ({ links }, at) => {
    const link = links[at] as Link;
    return (
      link.capture && (isHandedOn || keeps(link) || links.slice(at + 1).some((next) => reads(next) || keeps(next)))
    );
  };
}

/** Whether a rule looks at what was caught before it has caught anything itself. */
function readsOthers({ links }: Rule): boolean {
  const first = links.findIndex(({ capture }) => capture);
  const before = first === -1 ? links : links.slice(0, first);
  return before.some((link) => reads(link) || keeps(link)) || (first !== -1 && reads(links[first] as Link));
}

function reads({ targets, operator }: Link): boolean {
  return targets.some(isCapture) || CAPTURED.test(operator.argument);
}

function keeps({ effects }: Link): boolean {
  return CAPTURED.test(JSON.stringify(effects));
}
