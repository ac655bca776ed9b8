// The native rule file: every key that may stand in it. The check, the published JSON Schema and the reader use this tree.
import { publishFile } from '../../config/publish.ts';
import { flag, integer, type JsonSchema, type Kind, readBy, text, verbatim, word } from '../../config/schema/kind.ts';
import { list, map, type Node, table, value } from '../../config/schema/node.ts';
import { closest } from '../../config/suggest.ts';
import { LOOKS } from '../operators/looks.ts';
import { DECODERS } from './decoders.ts';
import { FIELDS, readField } from './fields.ts';
import { requestNode } from './request-schema.ts';

const MOST = 2 ** 31 - 1;
const FIELD_PATTERN = `^#?(?:${Object.keys(FIELDS).join('|')})(?:\\..+)?$`.replaceAll('.|', '\\.|');

const field: Kind = readBy(
  'a field',
  `a field: ${Object.keys(FIELDS).join(', ')}`,
  (written) => {
    const read = readField(written);
    if (!('fault' in read)) return { value: read };
    const meant = closest(written, Object.keys(FIELDS));
    return { fault: `${read.fault}${meant === undefined ? '' : `; did you mean ${meant}?`}` };
  },
  { pattern: FIELD_PATTERN },
);

/** No macros of the engine: what stands in braces is filled in by `message` alone. */
const words = readBy(
  'a text',
  'a text without %{',
  (written) => (written === '' || written.includes('%{') ? { fault: 'is empty or holds %{' } : { value: written }),
  { minLength: 1 },
);
const anyText = verbatim('a text', 'a text');

const inspect = list(
  'The fields that are looked at.',
  value('A field.', field, { examples: ['args', 'headers.referer'] }),
);
const decode = list(
  'What is taken off before the look, in order; what each step makes of the value is looked at, and the value as it came.',
  value(
    Object.entries(DECODERS)
      .map(([name, [, description]]) => `${name}: ${description}.`)
      .join(' '),
    word(...Object.keys(DECODERS)),
  ),
);

const bounds = (what: string): Node =>
  map(
    what,
    { atLeast: value('The least.', integer(0, MOST)), atMost: value('The most.', integer(0, MOST)) },
    { least: 1 },
  );

const conditions: Record<string, Node> = {
  pattern: value('A regular expression (PCRE without lookaround and references), on bytes, in any case.', anyText),
  casePattern: value('A regular expression that minds the case of letters.', anyText),
  phrases: list('One of these stands in the value, in any case.', value('A text.', anyText), { least: 1 }),
  contains: value('This stands in the value.', anyText),
  equals: list('The value is one of these.', value('A text.', anyText), { least: 1 }),
  startsWith: value('The value begins with this.', anyText),
  endsWith: value('The value ends with this.', anyText),
  sqli: value('What libinjection takes for SQL injection.', flag),
  xss: value('What libinjection takes for script injection.', flag),
  looks: value(
    Object.entries(LOOKS)
      .map(([name, { description }]) => `${name}: ${description}.`)
      .join(' '),
    word(...Object.keys(LOOKS)),
  ),
  length: bounds('How many bytes the value has.'),
  number: bounds('The value as a whole number.'),
  ip: list(
    'The value is an address of these blocks.',
    value('An address or a CIDR block.', text('a block', '10.0.0.0/8')),
    {
      least: 1,
    },
  ),
  count: map(
    'How many times a pattern is found in the value.',
    { pattern: value('A regular expression, in any case.', anyText), atLeast: value('The least.', integer(1, 1_000)) },
    { required: ['pattern', 'atLeast'] },
  ),
};

/** Several conditions in one map must all hold. */
const match: Node = map('What a value must be like; all conditions must hold.', conditions, {
  least: 1,
  named: 'match',
});
conditions.all = list('All of these hold.', match, { least: 1 });
conditions.any = list('One of these holds.', match, { least: 1 });
conditions.not = match;

const test: Node = map(
  'A request, and whether this rule finds something in it.',
  {
    block: requestNode('The rule finds it.'),
    pass: requestNode('The rule finds nothing in it.'),
  },
  { least: 1 },
);

const rule: Node = map(
  'One rule.',
  {
    id: value('Its number, which no other rule has.', integer(1, 999_999_999)),
    title: value('What it finds, in a few words; the message when there is none.', words),
    message: value(
      'What the record says; {field}, {value} and {match} stand for what was found, {1} to {9} for groups of the pattern.',
      words,
    ),
    description: value('Why it is there, for the next reader.', words),
    inspect,
    except: list('Fields that are left out.', value('A field.', field)),
    decode,
    match,
    unless: list(
      'A value of a body that looks like one of these is harmless to this rule at paranoia 1, before and after decoding.',
      value('A look.', word(...Object.keys(LOOKS))),
    ),
    atLeast: value('How many values must match.', integer(1, 100_000), { default: 1 }),
    severity: value(
      'How many points it adds to the score: critical 5, error 4, warning 3, notice 2.',
      word('critical', 'error', 'warning', 'notice'),
      { default: 'critical' },
    ),
    paranoia: value('From which level on it runs.', integer(1, 4), { default: 1 }),
    mode: value(
      'block: it adds to the score. log: it only writes a record. shadow: it never acts, and `rules shadow` tells what it would have stopped.',
      word('block', 'log', 'shadow'),
      { default: 'block' },
    ),
    tags: list('Words by which exceptions name it.', value('A word.', words)),
    references: list('Where the weakness is described.', value('A number or a URL.', words, { examples: ['CWE-89'] })),
    tests: list('Requests that it finds something in, and requests that look like them.', test),
  },
  { required: ['id', 'title', 'match'] },
);

/** A file of rules. */
export const rulesNode: Node = map(
  'A file of rules.',
  {
    name: value('A short name; a tag of all its rules.', words),
    description: value('What the rules are about.', words),
    inspect,
    except: list('Fields that no rule of the file looks at.', value('A field.', field)),
    decode,
    patterns: table(
      'Pieces of patterns by name; {{name}} in a pattern stands for one.',
      readBy('a name', 'small letters and dashes', (name) =>
        /^[a-z][a-z0-9-]*$/.test(name) ? { value: name } : { fault: 'is no name; write small letters and dashes' },
      ),
      value('A piece of a regular expression.', anyText),
    ),
    rules: list('The rules.', rule, { least: 1 }),
  },
  { required: ['name', 'rules'] },
);

/** A file of requests that no rule may stop. */
export const honestNode: Node = map(
  'Requests that no rule may stop.',
  {
    name: value('A short name.', words),
    description: value('What they are.', words),
    requests: list('The requests.', requestNode('A request.'), { least: 1 }),
  },
  { required: ['name', 'requests'] },
);

/** Printed by `gatehouse schema rules`; `rules/schema.json` is a copy. */
export const rulesSchema: JsonSchema = publishFile(rulesNode, 'rules', 'Gatehouse rules', false);
