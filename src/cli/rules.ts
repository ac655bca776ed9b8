// `gatehouse rules`: what the rules of a configuration are and do, and how they are tuned.
import { Command } from 'commander';
import { exceptCommand } from './rules/except.ts';
import { explainCommand } from './rules/explain.ts';
import { lintCommand } from './rules/lint.ts';
import { listCommand } from './rules/list.ts';
import { replayCommand } from './rules/replay.ts';
import { shadowCommand } from './rules/shadow.ts';
import { testCommand } from './rules/test.ts';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('what the rules of a configuration are and do, and how they are tuned')
    .addCommand(listCommand())
    .addCommand(lintCommand())
    .addCommand(testCommand())
    .addCommand(explainCommand())
    .addCommand(exceptCommand())
    .addCommand(replayCommand())
    .addCommand(shadowCommand());
}
