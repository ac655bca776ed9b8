// The part of a site about the rule engine. All of it is checked already; none of it can be on yet.

import { flag, integer, off, text, verbatim, word } from './kind.ts';
import { date, percent, size } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { method, pathGlob } from './web.ts';

const paranoia = integer(1, 4);

const ruleSource: Node = map(
  'core, a .yaml or .conf file or a glob; with crs, a folder of the OWASP Core Rule Set.',
  {
    crs: value(
      "The rule set's folder; its crs-setup.conf or .example comes first.",
      text('a folder', 'the path of a folder'),
    ),
  },
  { required: ['crs'], is: [text('a rule set', 'core, a file or a glob')] },
);

const exception: Node = map(
  'Rules that do not apply somewhere.',
  {
    rules: list(
      'Rule ids, ranges like 941100-941199, or tag:NAME.',
      value('A rule.', verbatim('a rule', 'a rule id, a range or tag:NAME')),
      { least: 1 },
    ),
    fields: list(
      'Fields that are left out, like args.comment; none: the whole request.',
      value('A field.', text('a field', 'a field like args.comment')),
      {
        default: [],
      },
    ),
    path: list('Only on these paths.', value('A path glob.', pathGlob), { default: null }),
    method: list('Only with these methods.', value('A method.', method), { default: null }),
    reason: value('Why, for the next reader.', text('a text', 'a sentence'), { default: null }),
    expires: value('The last day on which the exception holds.', date, { default: null, examples: ['2027-03-01'] }),
  },
  { required: ['rules'] },
);

export const waf: Node = map(
  'The rule engine, which stops attacks.',
  {
    mode: value('block, detect (nothing is ever blocked) or off.', [word('block', 'detect', 'off'), off], {
      default: 'block',
    }),
    rules: list('Rule sets in order.', ruleSource, { default: ['core'] }),
    paranoia: value('How strict the rules are, 1 to 4.', paranoia, { default: 1 }),
    detectionParanoia: value('Rules up to this level are scored and logged without blocking.', paranoia, {
      default: 1,
    }),
    threshold: map('The scores that block.', {
      inbound: value('For requests.', integer(1, 10_000), { default: 5 }),
      outbound: value('For responses.', integer(1, 10_000), { default: 4 }),
    }),
    body: map('How much of a body is inspected.', {
      inspect: value('The bound.', size(0, 2 ** 30), { default: '128KiB' }),
      over: value(
        'What happens to a longer body: it is refused, or its beginning is inspected.',
        word('block', 'inspect-prefix'),
        { default: 'block' },
      ),
    }),
    response: value('Whether responses are inspected too.', flag, { default: false }),
    exceptions: list('Rules that do not apply somewhere.', exception, { default: [], is: [off] }),
    shadow: map(
      'Rule sets that are scored beside and never act.',
      {
        rules: list('Rule sets in order.', ruleSource, { default: [] }),
        sample: value('The share of requests.', [percent, off], { default: '10%' }),
      },
      { default: null, is: [off] },
    ),
    onError: value(
      'What happens when the engine itself fails: the request is refused, or passes.',
      word('block', 'pass'),
      { default: 'block' },
    ),
  },
  { default: false, is: [off], later: { what: 'the rule engine', offBy: 'mode' } },
);
