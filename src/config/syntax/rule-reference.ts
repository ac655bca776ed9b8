// Which rules an exception means: one by its number, a range of numbers, or all with a tag.

import type { RuleReference } from '../model/waf.ts';
import type { Parsed } from './parsed.ts';

const WRITE = 'a rule id, a range like 941100-941199 or tag:NAME';

/** `942100`, `941100-941199`, `tag:xss`. */
export function parseRuleReference(text: string): Parsed<RuleReference> {
  if (text.startsWith('tag:')) {
    const tag = text.slice('tag:'.length);
    return /^[^\s,]{1,200}$/.test(tag) ? { value: { tag } } : { fault: 'names no tag; write tag:NAME' };
  }
  const [, first, last = first] = /^([0-9]{1,15})(?:-([0-9]{1,15}))?$/.exec(text) ?? [];
  if (first === undefined) return { fault: `is not a rule; write ${WRITE}` };
  const [from, to] = [Number(first), Number(last)];
  if (from === 0) return { fault: 'is no rule id; ids begin with 1' };
  return to < from ? { fault: 'ends before it begins' } : { value: { from, to } };
}

/** The text that `parseRuleReference` reads back. */
export function formatRuleReference(reference: RuleReference): string {
  if ('tag' in reference) return `tag:${reference.tag}`;
  return reference.from === reference.to ? String(reference.from) : `${reference.from}-${reference.to}`;
}
