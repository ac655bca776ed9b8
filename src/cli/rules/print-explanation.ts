// An explanation as a page for people.
import { formatFieldPath } from '../../config/syntax/field-path.ts';
import { formatRuleReference } from '../../config/syntax/rule-reference.ts';
import type { ExplainedRule, Explanation, Marked } from '../../tuning/explanation.ts';
import type { Proposal } from '../../tuning/proposals.ts';
import type { Draft } from '../../tuning/sparing.ts';
import { SELF } from '../self.ts';

/** Characters of a value that stand in one line, with what matched among them. */
const WIDTH = 100;

/** `call`: what stands behind the command's name to come to the same configuration. */
export function printExplanation(explanation: Explanation, call: string, print: (line: string) => void): void {
  const { requestId, time, client, site, method, path, verdict, status, score, threshold } = explanation;
  print(`request   ${requestId}, ${time}, from ${client}`);
  print(`          ${method} ${shown(path)} on ${site ?? 'no site'}`);
  const outbound = score.outbound > 0 ? `; answer ${score.outbound} of ${threshold.outbound}` : '';
  print(
    `verdict   ${VERDICTS[verdict]}, status ${status}: score ${score.inbound} of ${threshold.inbound}${outbound}${decidedBy(explanation)}`,
  );
  const scored = explanation.rules.filter(({ isDecision }) => !isDecision);
  for (const rule of scored) printRule(rule, print);
  if (scored.length === 0) print('\nno rule found anything in it');
  printProposals(explanation, call, print);
}

const VERDICTS = { block: 'blocked', detect: 'would have been blocked (detect)', pass: 'passed' } as const;

function decidedBy({ by, rules }: Explanation): string {
  const rule = rules.find(({ id }) => id === by);
  if (by === undefined) return '';
  return rule?.isDecision === false ? `; rule ${by} stopped it by itself` : `; decided by rule ${by}`;
}

function printRule(rule: ExplainedRule, print: (line: string) => void): void {
  const { id, msg, points, severity, paranoia, file, line, fields, before, after, transforms } = rule;
  const facts = [severity?.toLowerCase(), paranoia === undefined ? undefined : `paranoia ${paranoia}`];
  print(`\nrule ${id}  ${points === 0 ? 'no points' : `${points} points`}  ${msg}`);
  print(`  where   ${fields.join(', ') || 'no field'}`);
  if (before.text !== after.text) {
    printMarked('sent', before, print);
    printMarked('decoded', after, print);
    print(`          by ${transforms.join(', ')}`);
  } else printMarked('value', after, print);
  if (after.mark === undefined && rule.matched !== '') print(`  matched ${shown(rule.matched.slice(0, WIDTH))}`);
  print(`  from    ${file}:${line} (${facts.filter((fact) => fact !== undefined).join(', ')})`);
}

function printMarked(label: string, { text, mark }: Marked, print: (line: string) => void): void {
  const [from, to] = mark ?? [0, 0];
  const start = to > WIDTH ? Math.max(0, from - 20) : 0;
  const line = shown(text.slice(start, start + WIDTH));
  const [head, tail] = [start > 0 ? '…' : '', start + WIDTH < text.length ? '…' : ''];
  print(`  ${label.padEnd(7)} ${head}${line}${tail}`);
  if (mark === undefined) return;
  const length = Math.max(1, Math.min(to, start + WIDTH) - from);
  print(`  ${' '.repeat(7)} ${' '.repeat(head.length + from - start)}${'^'.repeat(length)}`);
}

/** What a client sent must not steer the terminal; one sign for each, so that marks stay below what they mark. */
function shown(text: string): string {
  return text.replace(/\p{C}/gu, '·');
}

function printProposals(explanation: Explanation, call: string, print: (line: string) => void): void {
  const { requestId, proposals, comparedWith, score, threshold } = explanation;
  if (proposals.length === 0) return;
  const others = comparedWith === 1 ? '1 other recent finding' : `${comparedWith} other recent findings`;
  print(`\nexceptions, from the narrowest; compared with ${others} of this site`);
  for (const proposal of proposals) {
    print(`\n${proposal.number}. ${proposal.scope}`);
    for (const draft of proposal.exceptions) print(`   ${draftText(draft)}`);
    print(`   ${effect(proposal, score.inbound, threshold.inbound)}`);
  }
  print(`\nto write one into the configuration: ${SELF} rules explain ${requestId}${call} --apply 1 --reason 'why'`);
}

function effect({ remaining, others }: Proposal, before: number, threshold: number): string {
  const here = remaining.passes ? 'this request would pass' : 'this request would still be stopped';
  const score = `score ${before} -> ${remaining.inbound} of ${threshold}`;
  if (others.count === 0) return `${here} (${score}); no other would`;
  return `${here} (${score}); so would ${others.count} other${others.count === 1 ? '' : 's'}, of ${others.clients} client${others.clients === 1 ? '' : 's'}`;
}

function draftText({ rules, fields, path, method }: Draft): string {
  return [
    `rules ${rules.map(formatRuleReference).join(', ')}`,
    ...(fields.length === 0 ? [] : [`fields ${fields.map(formatFieldPath).join(', ')}`]),
    ...(path === undefined ? [] : [`path ${path.join(', ')}`]),
    ...(method === undefined ? [] : [`method ${method.join(', ')}`]),
  ].join('; ');
}
