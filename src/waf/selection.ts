// Which rules a removal names: by id, by tag, by message.
import { patternOf } from './pattern-store.ts';
import type { Rule, RuleSelector } from './rule.ts';

/** A test for rules. Tags and messages are looked at by a pattern that is found anywhere, as in ModSecurity. */
export function compileRuleSelector(selector: RuleSelector): (rule: Rule) => boolean {
  if (selector.by === 'id') {
    const { ranges } = selector;
    return (rule) => ranges.some(({ from, to }) => rule.id >= from && rule.id <= to);
  }
  const pattern = patternOf(selector.pattern);
  if (selector.by === 'tag') return (rule) => rule.tags.some((tag) => pattern.test(tag));
  return (rule) => rule.links.some(({ msg }) => msg !== undefined && pattern.test(msg));
}
