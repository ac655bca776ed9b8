// Random small rule sets as text, and random exchanges that speak of the same few names and bytes, so that much matches.
import fc from 'fast-check';
import { randomPattern, randomValue } from '../pattern/random-pattern.ts';
import { DISGUISES } from './corpus.ts';
import type { Sent } from './support.ts';

const one = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices);
const some = (arbitrary: fc.Arbitrary<string>, most: number): fc.Arbitrary<string[]> =>
  fc.array(arbitrary, { maxLength: most });

/** Names in TX: some written by rules, some from settings, some that nobody writes. */
const NAMES = ['n', 'm', 's', 'pl', 'made_a', 'never'] as const;
const TEXTS = ['a', 'A', 'ab', '1', '2', '10', '', 'GET', '%41', 'x y', '/*', '\\x41', 'é'] as const;

const given = one(
  ...['ARGS', 'ARGS', 'ARGS', 'ARGS_GET', 'ARGS_POST', 'ARGS_NAMES', 'ARGS_GET_NAMES', 'REQUEST_HEADERS'],
  ...['REQUEST_HEADERS_NAMES', 'REQUEST_COOKIES', 'REQUEST_COOKIES_NAMES', 'FILES', 'MULTIPART_PART_HEADERS'],
  ...['RESPONSE_HEADERS', 'ENV', 'IP', 'GLOBAL', 'MATCHED_VARS', 'MATCHED_VARS_NAMES'],
);
const single = one(
  ...['REQUEST_URI', 'QUERY_STRING', 'REQUEST_METHOD', 'REQUEST_FILENAME', 'REQUEST_BODY', 'REQUEST_LINE'],
  ...['REQBODY_PROCESSOR', 'REQBODY_ERROR', 'ARGS_COMBINED_SIZE', 'RESPONSE_STATUS', 'RESPONSE_BODY', 'MATCHED_VAR'],
  ...['MATCHED_VAR_NAME', 'HIGHEST_SEVERITY', 'REMOTE_ADDR', 'XML:/*', 'XML://@*', 'RULE:id', 'UNIQUE_ID'],
);
const member = one('a', 'b', 'A', 'x_c', 'x.d', '/^a/', '/b/', "'/a|b/'");
const inTx = fc.oneof(one(...NAMES), one('0', '1', '2'));

const target: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: given, weight: 4 },
  { arbitrary: fc.tuple(given, member).map(([name, part]) => `${name}:${part}`), weight: 3 },
  { arbitrary: single, weight: 3 },
  { arbitrary: inTx.map((name) => `TX:${name}`), weight: 5 },
  { arbitrary: fc.oneof(given, one('TX', 'TX:/^(?:n|m)$/')).map((name) => `&${name}`), weight: 1 },
  { arbitrary: fc.tuple(given, member).map(([name, part]) => `&${name}:${part}`), weight: 1 },
  { arbitrary: inTx.map((name) => `&TX:${name}`), weight: 2 },
);
const exclusion = fc
  .tuple(given, fc.option(member))
  .map(([name, part]) => `!${name}${part === null ? '' : `:${part}`}`);
const targets = fc
  .tuple(fc.array(target, { minLength: 1, maxLength: 3 }), some(exclusion, 2))
  .map(([wanted, unwanted]) => [...wanted, ...unwanted].join('|'));

const MACROS = ['tx.n', 'tx.s', 'TX.1', 'tx.0', 'tx.pl', 'MATCHED_VAR', 'MATCHED_VAR_NAME', 'ARGS.a', 'REQUEST_METHOD'];
const macro = one(...MACROS, 'ENV.e', 'ip.n', 'global.m', 'RULE.id', 'tx.never', 'HIGHEST_SEVERITY', 'nothing').map(
  (name) => `%{${name}}`,
);
const text = fc.oneof({ arbitrary: one(...TEXTS), weight: 3 }, { arbitrary: macro, weight: 2 });
const number = fc.oneof({ arbitrary: one('0', '1', '2', '3', '-1'), weight: 3 }, { arbitrary: macro, weight: 1 });

const marked = one(
  ...[
    '<script',
    '[<>]',
    '["\'`]',
    '\\(',
    ';\\s*ls',
    'a{3,5}',
    '\\.\\./',
    '(?i)<SCRIPT',
    '[^A-Z]<',
    "'\\s+or",
    '&|\\x00',
  ],
  ...[
    '\\$\\{',
    '/etc/passwd',
    '(?i)union\\s+select',
    '[A-Z]{2}',
    '[^\\x20-\\x7e]',
    '%[0-9a-f]{2}',
    '(?:<|>).(?:<|>)',
    '"$',
  ],
);
const pattern = fc.oneof(
  { arbitrary: marked, weight: 2 },
  { arbitrary: randomPattern.map(({ pcre }) => pcre), weight: 2 },
  {
    weight: 2,
    arbitrary: one(
      ...[
        'a',
        'A',
        '[A-Z]',
        '[^a-z]',
        '(?i)a',
        '(a)(b)?',
        '^a',
        'b$',
        '^$',
        '.',
        '\\d+',
        '(\\d)',
        '\\W',
        '(?i)select|union',
      ],
      ...[
        '\\bab\\b',
        '^[^;]*$',
        'x\\x20y',
        '[\\x80-\\xff]',
        '\\s',
        '<[a-z]',
        '^(?:GET|POST)$',
        '(.)(.)',
        '%',
        '^\\w{2,}$',
      ],
    ),
  },
);
const test: fc.Arbitrary<string> = fc
  .oneof(
    { arbitrary: pattern.map((rx) => `@rx ${rx}`), weight: 6 },
    {
      arbitrary: one(
        'a',
        'a b',
        'ab 1',
        'select union',
        'A',
        '/* é',
        '<script /etc/ ../',
        "' <",
        'union( sleep(',
        'x',
      ).map((words) => `@pm ${words}`),
      weight: 2,
    },
    {
      arbitrary: fc.tuple(
        one('streq', 'contains', 'within', 'beginsWith', 'endsWith', 'containsWord', 'strmatch'),
        text,
      ),
      weight: 3,
    },
    { arbitrary: fc.tuple(one('eq', 'ge', 'gt', 'le', 'lt'), number), weight: 6 },
    { arbitrary: one('32-126', '65-90,97-122', '1-255').map((range) => `@validateByteRange ${range}`), weight: 1 },
    {
      arbitrary: one('@detectSQLi', '@detectXSS', '@unconditionalMatch', '@noMatch', '@validateUrlEncoding'),
      weight: 2,
    },
    { arbitrary: one('@validateUtf8Encoding', '@ipMatch 192.0.2.0/24', '@rx ^%{tx.s}$', '@rx %{tx.n}'), weight: 1 },
  )
  .map((made) => (typeof made === 'string' ? made : `@${made[0]} ${made[1]}`));
const operator = fc.tuple(fc.integer({ min: 0, max: 4 }), test).map(([no, made]) => (no === 0 ? `!${made}` : made));

const TRANSFORMS = [
  ...['lowercase', 'lowercase', 'urlDecode', 'urlDecodeUni', 'htmlEntityDecode', 'jsDecode', 'cssDecode', 'cmdLine'],
  ...[
    'compressWhitespace',
    'removeWhitespace',
    'replaceComments',
    'removeComments',
    'removeCommentsChar',
    'removeNulls',
  ],
  ...[
    'base64Decode',
    'base64Encode',
    'hexDecode',
    'hexEncode',
    'normalizePath',
    'normalizePathWin',
    'trim',
    'uppercase',
  ],
  ...['utf8toUnicode', 'escapeSeqDecode', 'length', 'none', 'urlEncode', 'sqlHexDecode', 'replaceNulls', 'md5'],
];
const chain = some(one(...TRANSFORMS), 3).map((steps) => steps.map((name) => `t:${name}`));

const written = fc.oneof(
  one('tx.n', 'tx.m', 'tx.s', 'tx.pl', 'ip.n', 'global.m'),
  one('tx.made_%{ARGS.a}', 'tx.%{tx.s}n'),
);
const setvar: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(written, text).map(([name, value]) => `setvar:'${name}=${value}'`),
  fc.tuple(written, one('+', '-'), number).map(([name, sign, value]) => `setvar:'${name}=${sign}${value}'`),
  written.map((name) => `setvar:'!${name}'`),
  written.map((name) => `setvar:'${name}'`),
);
const which = one('ById=101', 'ById=102-104', 'ByTag=red', 'ByMsg=^first');
const control = fc.oneof(
  which.map((rules) => `ctl:ruleRemove${rules}`),
  fc
    .tuple(which, given, fc.option(member))
    .map(([rules, name, part]) => `ctl:ruleRemoveTarget${rules};${name}${part === null ? '' : `:${part}`}`),
  fc.tuple(which, inTx).map(([rules, name]) => `ctl:ruleRemoveTarget${rules};TX:${name}`),
  one('ctl:ruleEngine=DetectionOnly', 'ctl:ruleEngine=Off', 'ctl:auditEngine=Off', 'ctl:forceRequestBodyVariable=On'),
  one('ctl:requestBodyProcessor=JSON', 'ctl:requestBodyProcessor=URLENCODED', 'ctl:requestBodyProcessor=XML'),
);
const effect = fc.oneof(
  { arbitrary: setvar, weight: 6 },
  { arbitrary: control, weight: 2 },
  { arbitrary: one('initcol:ip=%{REMOTE_ADDR}', 'initcol:global=all', "setenv:'e=%{tx.n}'", 'setenv:a=A'), weight: 1 },
);

interface LinkText {
  /** undefined: no condition. */
  readonly condition: string | undefined;
  readonly actions: readonly string[];
}

const actions = fc
  .tuple(chain, some(effect, 2), fc.nat(4), fc.nat(4), fc.nat(3))
  .map(([steps, effects, capture, multi, logdata]) => [
    ...(capture === 4 ? ['capture'] : []),
    ...(multi === 4 ? ['multiMatch'] : []),
    ...steps,
    ...effects,
    ...(logdata === 3 ? ["logdata:'%{tx.n} %{tx.1} %{MATCHED_VAR_NAME}=%{MATCHED_VAR} %{tx.s}'"] : []),
  ]);
const link: fc.Arbitrary<LinkText> = fc.record({
  condition: fc.tuple(targets, operator).map(([list, made]) => `${list} "${made.replaceAll('"', '\\"')}"`),
  actions,
});
const silentAction: fc.Arbitrary<LinkText> = fc.record({
  condition: fc.constant(undefined),
  actions: some(effect, 3),
});

interface RuleText {
  readonly links: readonly LinkText[];
  readonly head: readonly string[];
  readonly marker: string | undefined;
}

const head = fc
  .tuple(
    one('1', '1', '2', '2', '2', '3', '4', '5'),
    one(
      'pass',
      'pass',
      'pass',
      'pass',
      'pass',
      'pass',
      'block',
      'deny',
      'deny,status:418',
      'drop',
      'allow',
      'allow:phase',
      'allow:request',
    ),
    one('log', 'nolog', 'nolog', "log,msg:'first %{tx.n}'", "nolog,msg:'first'"),
    one([], [], [], [], ['skip:1'], ['skip:2'], ['skipAfter:E'], ['skipAfter:F']),
    one([], ['tag:red'], ['tag:blue', 'severity:CRITICAL'], ['severity:NOTICE', 'rev:7']),
  )
  .map(([phase, disruptive, log, jump, other]) => [`phase:${phase}`, disruptive, log, ...jump, ...other]);

/** A level that is off or on: what partial evaluation is made for. */
const gate: fc.Arbitrary<RuleText> = fc
  .tuple(
    one('TX:pl', 'TX:n', '&TX:never', 'TX:m'),
    one('lt', 'ge', 'eq', '!eq'),
    one('0', '1', '2'),
    one('1', '2', '3', '5'),
    one('E', 'F'),
  )
  .map(([name, compare, level, phase, label]) => ({
    links: [
      {
        condition: `${name} "${compare.startsWith('!') ? '!@' : '@'}${compare.replace('!', '')} ${level}"`,
        actions: [],
      },
    ],
    head: [`phase:${phase}`, 'nolog', 'pass', `skipAfter:${label}`],
    marker: undefined,
  }));

const anyRule: fc.Arbitrary<RuleText> = fc.record({
  links: fc.oneof(
    { arbitrary: link.map((only) => [only]), weight: 5 },
    { arbitrary: silentAction.map((only) => [only]), weight: 3 },
    {
      arbitrary: fc.array(fc.oneof({ arbitrary: link, weight: 5 }, { arbitrary: silentAction, weight: 1 }), {
        minLength: 2,
        maxLength: 3,
      }),
      weight: 4,
    },
  ),
  head,
  marker: fc.option(one('E', 'F'), { nil: undefined, freq: 3 }),
});

/** The text of a rule set of up to twelve rules. */
export const randomRules: fc.Arbitrary<string> = fc
  .array(fc.oneof({ arbitrary: anyRule, weight: 5 }, { arbitrary: gate, weight: 1 }), { minLength: 1, maxLength: 12 })
  .map((all) => [...all.map(ruleText), 'SecMarker E', 'SecMarker F', ''].join('\n'));

function ruleText({ links, head: said, marker }: RuleText, index: number): string {
  const written = links.map(({ condition, actions: own }, i) => {
    const list = [
      ...(i === 0 ? [`id:${101 + index}`, ...said] : []),
      ...own,
      ...(i < links.length - 1 ? ['chain'] : []),
    ];
    const quoted = list.length === 0 ? '' : ` "${list.join(',')}"`;
    return condition === undefined
      ? `SecAction${quoted === '' ? ' "t:none"' : quoted}`
      : `SecRule ${condition}${quoted}`;
  });
  return [...(marker === undefined ? [] : [`SecMarker ${marker}`]), ...written].join('\n');
}

const PIECES = [
  ...[
    'a',
    'A',
    'b',
    'ab',
    'x y',
    '1',
    '2',
    '10',
    '%41',
    '%2541',
    '%u0041',
    '\\x41',
    '&#65;',
    '&lt;a',
    '/*',
    '*/',
    '--',
  ],
  ...[
    '<ScRiPt',
    '%3Cscript',
    '&lt;script',
    '\\x3cscript',
    '\\u003Cscript',
    'PHNjcmlwdA==',
    '3c736372697074',
    '0x3c27',
    '%U003c',
  ],
  ...[
    '/etc/passwd',
    '%2e%2e/',
    '..\\',
    '&#x3C;',
    '${',
    '-',
    'c',
    'B',
    'aaa',
    'AAA',
    '\\3c',
    '%00',
    '&quot;',
    '/**/',
    '!<',
  ],
  ...[
    "' or 1=1--",
    '<script>',
    'QQ==',
    '../',
    '//',
    '\0',
    '\n',
    '\xe9',
    '\xc3\xa9',
    'select',
    'UNION',
    ';',
    "'",
    '"',
    '^',
  ],
];
const value = some(one(...PIECES), 4).map((pieces) => pieces.join(''));
const name = one('a', 'b', 'A', 'ab', 'x_c', 'x.d', 'ba', '');
const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });

const escape = (raw: string): string =>
  raw.replace(/[&=%+#? \0\n]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
const query = pairs.map((all) => all.map(([key, raw]) => `${key}=${escape(raw)}`).join('&'));

const body: fc.Arbitrary<readonly [type: string, body: string]> = fc.oneof(
  fc.constant(['', ''] as const),
  query.map((all) => ['application/x-www-form-urlencoded', all] as const),
  pairs.map((all) => ['application/json', JSON.stringify(Object.fromEntries(all))] as const),
  value.map((raw) => ['text/xml', `<r b="${raw.replace(/[<&"]/g, '')}">${raw}</r>`] as const),
  fc
    .tuple(name, value)
    .map(
      ([key, raw]) =>
        [
          'multipart/form-data; boundary=B',
          `--B\r\nContent-Disposition: form-data; name="${key}"; filename="${raw.replace(/[\r\n"\\]/g, '')}"\r\n\r\n${raw}\r\n--B--\r\n`,
        ] as const,
    ),
  value.map((raw) => ['application/json', raw] as const),
  value.map((raw) => ['text/plain', raw] as const),
);

export const randomExchange: fc.Arbitrary<Sent> = fc
  .record({
    query,
    body,
    cookies: pairs,
    headers: pairs,
    page: value,
    status: one(200, 404, 500),
    method: one('GET', 'POST', 'a'),
  })
  .map(({ query: asked, body: [type, sent], cookies, headers, page, status, method }) => ({
    method,
    target: `/${asked === '' ? '' : `?${asked}`}`,
    headers: [
      ...headers.flatMap(([key, raw]) => [key === '' ? 'x' : key, raw]),
      ...['cookie', cookies.map(([key, raw]) => `${key}=${raw}`).join('; ')],
      ...(type === '' ? [] : ['content-type', type]),
    ],
    body: sent,
    response: { status, body: page, headers: ['a', page, 'content-type', 'text/html'] },
  }));

/** Rules that a scan decides, one condition each, with long chains of transformations: what a scan leaves out must not match. */
export const randomScans: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      target: one(
        'ARGS',
        'ARGS',
        'ARGS:a',
        'ARGS|!ARGS:a',
        'ARGS:/^a/',
        'ARGS_NAMES',
        'ARGS|REQUEST_HEADERS:b',
        'RESPONSE_BODY',
      ),
      made: fc.oneof({ arbitrary: operator, weight: 2 }, { arbitrary: pattern.map((rx) => `@rx ${rx}`), weight: 3 }),
      steps: fc.array(one(...TRANSFORMS), { maxLength: 4 }),
      isMulti: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((all) =>
    all
      .map(({ target: looked, made, steps, isMulti }, i) => {
        const flags = [...(isMulti === 5 ? ['multiMatch'] : []), ...steps.map((step) => `t:${step}`)].join(',');
        const quoted = made.replaceAll('"', '\\"');
        return `SecRule ${looked} "${quoted}" "id:${101 + i},phase:4,pass,log${flags === '' ? '' : `,${flags}`}"`;
      })
      .join('\n'),
  );

const disguised = fc
  .tuple(
    fc.oneof(
      one(...PIECES),
      randomValue,
      one('<script', "' or", 'union select', '/etc/passwd', '../', 'aaa', 'ab 1', 'AB'),
    ),
    fc.array(one(...DISGUISES), { maxLength: 3 }),
  )
  .map(([raw, all]) => all.reduce((text, disguise) => disguise(text).slice(0, 3_000), raw));
const texts = fc.array(disguised, { minLength: 1, maxLength: 3 }).map((all) => all.join(''));

/** An exchange with a few texts in many disguises. */
export const scannedExchange: fc.Arbitrary<Sent> = fc
  .record({ pairs: fc.array(fc.tuple(one('a', 'ab', 'b', 'A'), texts), { maxLength: 6 }), header: texts, page: texts })
  .map(({ pairs: all, header, page }) => ({
    target: `/?${all.map(([key, raw]) => `${key}=${escape(raw)}`).join('&')}`,
    headers: ['b', header],
    response: { body: page },
  }));
