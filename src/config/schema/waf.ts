// The part of a site, or of a route, about the rule engine.

import { parseFieldPath, writeField } from '../syntax/field-path.ts';
import { parseRuleReference } from '../syntax/rule-reference.ts';
import { flag, integer, off, readBy, text, verbatim, word } from './kind.ts';
import { date, duration, percent, size } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { mediaType, method, pathGlob } from './web.ts';

const paranoia = integer(1, 4);
const threshold = integer(1, 10_000);

const ruleSource: Node = map(
  'core, a .yaml or .conf file or a glob; with crs, a folder of the OWASP Core Rule Set.',
  {
    crs: value(
      "The rule set's folder; its crs-setup.conf or .example comes first.",
      text('a folder', 'the path of a folder'),
    ),
  },
  {
    required: ['crs'],
    is: [text('a rule set', 'core, a file or a glob')],
  },
);

const ruleReference = verbatim('a rule', 'a rule id, a range like 941100-941199 or tag:NAME', parseRuleReference);

const exception: Node = map(
  'Rules that do not apply somewhere.',
  {
    rules: list('Rule ids, ranges like 941100-941199, or tag:NAME.', value('A rule.', ruleReference), { least: 1 }),
    fields: list(
      'Fields that are left out, like args.comment; none: the whole request.',
      value('A field.', readBy('a field', writeField, parseFieldPath)),
      { default: [] },
    ),
    path: list('Only on these paths.', value('A path glob.', pathGlob), { default: null }),
    method: list('Only with these methods.', value('A method.', method), { default: null }),
    reason: value('Why, for the next reader.', text('a text', 'a sentence'), { default: null }),
    expires: value('The last day on which the exception holds.', date, { default: null, examples: ['2027-03-01'] }),
  },
  { required: ['rules'] },
);

export const waf: Node = map(
  'The rule engine, which stops attacks; without a word the core rules block.',
  {
    mode: value('block, detect (nothing is ever blocked) or off.', [word('block', 'detect', 'off'), off], {
      default: 'block',
    }),
    rules: list("Rule sets in order; core is Gatehouse's own.", ruleSource, { least: 1, default: ['core'] }),
    paranoia: value('How strict the rules are, 1 to 4.', paranoia, { default: 1 }),
    detectionParanoia: value('Rules up to this level are scored and logged without blocking.', paranoia, {
      default: 1,
    }),
    threshold: map('The scores that block.', {
      inbound: value('For requests.', threshold, { default: 5 }),
      outbound: value('For responses.', threshold, { default: 4 }),
    }),
    body: map('How much of a body is inspected.', {
      inspect: value('The bound.', size(0, 2 ** 30), { default: '128KiB' }),
      over: value(
        'What happens to a longer body: its beginning is inspected and the rest streamed, or it is refused.',
        word('inspect-prefix', 'block'),
        { default: 'inspect-prefix' },
      ),
      depth: value('Levels of JSON and XML; what is nested deeper is refused.', integer(1, 1_000), { default: 64 }),
      arguments: value('Parameters, or parts of a form; a request with more is refused.', integer(1, 100_000), {
        default: 5_000,
      }),
    }),
    response: value('Whether responses are inspected too.', flag, { default: false }),
    responseTypes: list(
      'Media types whose bodies are inspected when responses are; all others stream through.',
      value('A media type, like text/html; `*` stands for any part.', mediaType),
      { default: ['text/*', 'application/json', 'application/xml', 'application/xhtml+xml'] },
    ),
    exceptions: list('Rules that do not apply somewhere.', exception, {
      default: [],
      is: [off],
    }),
    shadow: map(
      'Rule sets that are scored beside and never act.',
      {
        rules: list("Rule sets in order; by default the site's own.", ruleSource, { default: [] }),
        sample: value('The share of requests.', [percent, off], { default: '10%' }),
        paranoia: value("As above; by default the site's.", paranoia, { default: null }),
        detectionParanoia: value("As above; by default the site's.", paranoia, { default: null }),
        threshold: map("As above; by default the site's.", {
          inbound: value('For requests.', threshold, { default: null }),
          outbound: value('For responses.', threshold, { default: null }),
        }),
      },
      { default: null, is: [off] },
    ),
    budget: value('Working time that the rules may take for one request; beyond it onError decides.', duration(1), {
      default: '250ms',
    }),
    onError: value(
      'What happens when the engine itself fails: the request is refused, or passes.',
      word('block', 'pass'),
      { default: 'block' },
    ),
  },
  { default: { mode: 'block' }, is: [off], offBy: 'mode' },
);
