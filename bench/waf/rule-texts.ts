// What the rules look for, as far as slow inputs can be made of it: patterns and phrases, read from the rule files by
// a reader of its own, so that a fault in the engine's parser cannot hide a pattern from the benchmark.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface RulePattern {
  readonly id: number;
  /** Without folder. */
  readonly file: string;
  readonly pattern: string;
}

export interface RuleTexts {
  readonly patterns: readonly RulePattern[];
  /** Of all word lists, each once. */
  readonly phrases: readonly string[];
}

/** Rules for responses are left out: no request reaches them. */
export function readRuleTexts(files: readonly string[]): RuleTexts {
  const patterns: RulePattern[] = [];
  const phrases = new Set<string>();
  for (const path of files) {
    if (basename(path).startsWith('RESPONSE-')) continue;
    let id = 0;
    for (const line of joinedLines(readFileSync(path, 'latin1'))) {
      const [, operator = '', argument = '', actions = ''] = RULE.exec(line) ?? [];
      // A chained rule has no id and belongs to the one before.
      id = Number(/\bid:'?(\d+)/.exec(actions)?.[1] ?? id);
      const text = argument.replaceAll('\\"', '"');
      if (operator === 'rx') patterns.push({ id, file: basename(path), pattern: text });
      else if (operator === 'pm') for (const phrase of text.split(/\s+/)) phrases.add(phrase);
      else if (operator === 'pmFromFile')
        for (const phrase of phrasesOf(join(dirname(path), text))) phrases.add(phrase);
    }
  }
  phrases.delete('');
  return { patterns, phrases: [...phrases] };
}

/** Targets, operator, argument, actions. */
const RULE = /^\s*SecRule\s+(?:"[^"]*"|\S+)\s+"!?@(\w+) ((?:[^"\\]|\\.)*)"\s*(.*)$/s;

function joinedLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
}

function phrasesOf(path: string): string[] {
  return readFileSync(path, 'latin1')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'));
}
