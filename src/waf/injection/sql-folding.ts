// Folds a stream of SQL tokens into the few that make the fingerprint, as libinjection 3.9.2 does: arithmetic, lists,
// signs and empty constructs fall away (`sql-rules.ts`) until at most five tokens are left. Every step takes a token or
// makes one fewer, so the time is linear in the tokens.

import { FOLDED, foldPair, foldTriple, isUnary, STOPPED } from './sql-rules.ts';
import { readToken } from './sql-tokenizer.ts';
import {
  BAREWORD,
  COMMA,
  COMMENT,
  commentSlot,
  LEFT_PAREN,
  maxTokens,
  NUMBER,
  OPERATOR,
  RIGHT_PAREN,
  SQL_TYPE,
  type SqlTokens,
} from './sql-tokens.ts';

/** Whether the value has more tokens, and whether a comment came after the last that is kept. */
let hasMore = true;
let endsInComment = false;

/** Reads and folds the value that `t` was begun with. Returns how many tokens are left, at most `maxTokens`. */
export function foldTokens(t: SqlTokens): number {
  hasMore = true;
  endsInComment = false;
  if (!skipLeading(t)) return 0;
  for (;;) {
    if (t.count >= maxTokens && isPlainFive(t)) {
      if (t.count > maxTokens) t.copy(maxTokens, 1);
      t.count = t.count > maxTokens ? 2 : 1;
      t.settled = 0;
    }
    if (!hasMore || t.settled >= maxTokens) break;
    if (!fill(t, 2)) {
      t.settled = t.count;
      continue;
    }
    const outcome = foldPair(t);
    if (outcome === STOPPED) return t.settled + 2;
    if (outcome === FOLDED) continue;
    if (!fill(t, 3)) {
      t.settled = t.count;
      continue;
    }
    if (!foldTriple(t)) t.settled++;
  }
  if (t.count < maxTokens && endsInComment) t.copy(commentSlot, t.count++);
  return Math.min(t.count, maxTokens);
}

/** Comments, opening parentheses, type names and signs at the front say nothing. False if there is no more. */
function skipLeading(t: SqlTokens): boolean {
  while (readToken(t, 0)) {
    if ((t.kind[0]! & (COMMENT | LEFT_PAREN | SQL_TYPE)) === 0 && !isUnary(t, 0)) {
      t.count = 1;
      return true;
    }
  }
  return false;
}

/** Reads until there are `wanted` tokens to look at. False if there is no room or no more. */
function fill(t: SqlTokens, wanted: number): boolean {
  while (hasMore && t.count <= maxTokens && t.count - t.settled < wanted) {
    hasMore = readToken(t, t.count);
    if (!hasMore) break;
    endsInComment = t.kind[t.count] === COMMENT;
    if (endsInComment) t.copy(t.count, commentSlot);
    else t.count++;
  }
  return t.count - t.settled >= wanted;
}

/** Five tokens such as `1 + (2)` or `a) = (b`: no more than their first. */
function isPlainFive(t: SqlTokens): boolean {
  const kind = t.kind;
  const first = kind[0]!;
  const second = kind[1]!;
  const third = kind[2]!;
  const fourth = kind[3]!;
  const fifth = kind[4]!;
  if (first === NUMBER) {
    if (third === LEFT_PAREN) {
      return (second & (OPERATOR | COMMA)) !== 0 && fourth === NUMBER && fifth === RIGHT_PAREN;
    }
    return second === RIGHT_PAREN && third === COMMA && fourth === LEFT_PAREN && fifth === NUMBER;
  }
  if (first !== BAREWORD) return false;
  if (second === OPERATOR) {
    return third === LEFT_PAREN && (fourth & (BAREWORD | NUMBER)) !== 0 && fifth === RIGHT_PAREN;
  }
  return second === RIGHT_PAREN && third === OPERATOR && fourth === LEFT_PAREN && fifth === BAREWORD;
}
