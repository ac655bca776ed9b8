// Exceptions that do nothing, or far more than anybody can have meant.
import type { ExceptionConfig } from '../../config/model/waf.ts';
import { formatFieldPath } from '../../config/syntax/field-path.ts';
import { formatRuleReference } from '../../config/syntax/rule-reference.ts';
import { checkExceptions } from '../../gateway/exception-check.ts';
import { expiresAt } from '../../gateway/exception-expiry.ts';
import { targetsOf } from '../../waf/exception-fields.ts';
import { compileReferences } from '../../waf/exceptions.ts';
import type { Rule, RuleRemoval, RuleSet } from '../../waf/rule.ts';
import { rolesOf } from '../../waf/rule-role.ts';
import type { LintFinding } from './finding.ts';

/** How often an exception was needed, and in what. */
export interface ExceptionNeed {
  readonly count: number;
  /** "since the gateway started …", "by 1234 recorded requests". */
  readonly among: string;
}

/** More rules than these, everywhere, is no exception any more. */
const MANY_RULES = 10;
/** Of all that detect something. */
const LARGE_SHARE = 0.5;

export function lintExceptions(
  exceptions: readonly ExceptionConfig[],
  ruleSet: RuleSet,
  needOf: (exception: ExceptionConfig) => ExceptionNeed | undefined,
  now: number,
): LintFinding[] {
  const rules = ruleSet.items.filter((item) => item.kind === 'rule');
  const roles = rolesOf(rules);
  const detecting = rules.filter((rule) => roles.of(rule) === 'detects');
  const told = checkExceptions(exceptions, ruleSet, now).notices.map(
    ({ code, file, line, message }): LintFinding => ({ code, level: 'warning', file, line, message }),
  );
  return [
    ...told,
    ...exceptions.flatMap((exception) => {
      const chosen = detecting.filter(compileReferences(exception.rules));
      const meant = chosen.length;
      return [
        ...width(exception, meant, detecting.length),
        ...unseen(exception, chosen),
        ...need(exception, meant, needOf(exception), now),
        ...(exception.reason === undefined
          ? [
              finding(
                exception,
                'exception-unexplained',
                'note',
                'this exception says no reason; in a year nobody will know',
              ),
            ]
          : []),
      ];
    }),
  ];
}

/** What rule files take out of rules that are not there: mostly a mistyped number, or rules of another version. */
export function lintRemovals(removals: readonly RuleRemoval[]): LintFinding[] {
  return removals
    .filter(({ count }) => count === 0)
    .map(({ source, rules }) => {
      const which =
        rules.by === 'id' ? rules.ranges.map(formatRuleReference).join(' ') : `${rules.by} ${rules.pattern}`;
      const message = `this takes something out of ${which}, and no such rule is loaded`;
      return { code: 'removal-unmatched', level: 'warning', ...source, message };
    });
}

function width(exception: ExceptionConfig, meant: number, all: number): LintFinding[] {
  const { fields, path } = exception;
  const isEverywhere = path === undefined || path.some((glob) => /^\/?\*\*$/.test(glob));
  const isWhole = fields.length === 0 || fields.some(({ area, name }) => area === 'inputs' || (name ?? '*') === '*');
  if (!isWhole) return [];
  const where = isEverywhere ? 'on every path' : `on ${path?.join(', ')}`;
  const what = fields.length === 0 ? 'for the whole request' : 'for all members of a kind of field';
  if (meant > all * LARGE_SHARE || (isEverywhere && meant > MANY_RULES)) {
    const text = `this exception takes ${meant} of ${all} rules away ${where}, ${what}; name the fields that are meant, or fewer rules`;
    return [finding(exception, 'exception-wide', 'warning', text)];
  }
  return [];
}

/** Fields that none of the rules looks at: there the exception does nothing. */
function unseen(exception: ExceptionConfig, rules: readonly Rule[]): LintFinding[] {
  if (rules.length === 0) return [];
  const looks = new Set(rules.flatMap(({ links }) => links.flatMap(({ targets }) => targets.map(seenAs))));
  // What an earlier condition matched may be anything.
  if ([...looks].some((variable) => variable.startsWith('MATCHED_'))) return [];
  return exception.fields
    .filter((field) => !(targetsOf(field) ?? []).some((target) => looks.has(seenAs(target))))
    .map((field) => {
      const text = `none of the rules of this exception looks at ${formatFieldPath(field)}`;
      return finding(exception, 'exception-field-unseen', 'warning', text);
    });
}

/** Parameters of query and body are members of both collections. */
function seenAs({ variable }: { readonly variable: string }): string {
  return variable.replace(/^ARGS_(?:GET|POST)/, 'ARGS');
}

function need(
  exception: ExceptionConfig,
  meant: number,
  needed: ExceptionNeed | undefined,
  now: number,
): LintFinding[] {
  if (needed === undefined || needed.count > 0 || meant === 0 || expiresAt(exception) <= now) return [];
  const text = `this exception was not needed ${needed.among}; perhaps it can go`;
  return [finding(exception, 'exception-unused', 'note', text)];
}

function finding({ place }: ExceptionConfig, code: string, level: LintFinding['level'], message: string): LintFinding {
  return { code, level, file: place.file, line: place.line, message };
}
