import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import { addExceptions, promoteShadow } from '../../src/tuning/edit-config.ts';
import { exceptionText } from '../../src/tuning/exception-text.ts';

const site = { site: 'a.test', route: undefined };
const entry = '{ rules: [1] }';

describe('an exception is written', () => {
  test.for([
    [
      'behind the last key of a block',
      'sites:\n  a.test:\n    waf:\n      rules: x # y\n\n    # z\n    to: u\n',
      'sites:\n  a.test:\n    waf:\n      rules: x # y\n      exceptions:\n        - { rules: [1] }\n\n    # z\n    to: u\n',
    ],
    [
      'behind a block at the end of the file',
      'sites:\n  a.test:\n    waf:\n      rules:\n        - x',
      'sites:\n  a.test:\n    waf:\n      rules:\n        - x\n      exceptions:\n        - { rules: [1] }',
    ],
    [
      'with the line ends of the file',
      'sites:\r\n  a.test:\r\n    waf:\r\n      rules: x\r\n',
      'sites:\r\n  a.test:\r\n    waf:\r\n      rules: x\n      exceptions:\n        - { rules: [1] }\r\n',
    ],
    [
      'behind the others of a list',
      'sites:\n  A.test:\n    waf:\n      exceptions: # all\n      - rules: 2\n        path: /x # why\n      # end\n      rules: x\n',
      'sites:\n  A.test:\n    waf:\n      exceptions: # all\n      - rules: 2\n        path: /x # why\n      - { rules: [1] }\n      # end\n      rules: x\n',
    ],
    [
      'between brackets',
      'sites: { a.test: { waf: { exceptions: [{ rules: 2 } ], rules: x } } }',
      'sites: { a.test: { waf: { exceptions: [{ rules: 2 }, { rules: [1] } ], rules: x } } }',
    ],
    [
      'between braces',
      'sites: { a.test: { waf: { rules: [x] } } } # c',
      'sites: { a.test: { waf: { rules: [x], exceptions: [{ rules: [1] }] } } } # c',
    ],
    [
      'in place of an empty list',
      'sites:\n  a.test:\n    waf:\n      exceptions: [] # none\n      rules: x\n',
      'sites:\n  a.test:\n    waf:\n      exceptions: # none\n        - { rules: [1] }\n      rules: x\n',
    ],
    [
      'in place of nothing',
      'sites:\n  a.test:\n    waf:\n      exceptions:\n      rules: x\n',
      'sites:\n  a.test:\n    waf:\n      exceptions:\n        - { rules: [1] }\n      rules: x\n',
    ],
    [
      'with a section of its own where the site has none',
      'sites:\n  a.test: # mine\n    to: u # there\n\n  # next\n  b.test: { to: u }\n',
      'sites:\n  a.test: # mine\n    to: u # there\n    waf:\n      exceptions:\n        - { rules: [1] }\n\n  # next\n  b.test: { to: u }\n',
    ],
    [
      'with a section between braces',
      'sites: { a.test: { to: u } } # c',
      'sites: { a.test: { to: u, waf: { exceptions: [{ rules: [1] }] } } } # c',
    ],
  ] as const)('%s', ([, before, after]) => {
    expect(addExceptions(before, site, [entry])).toBe(after);
  });

  test('beside an anchor that nothing else stands for', () => {
    const text = 'sites: { a.test: { waf: { exceptions: &e [{ rules: 2 }] } } }';
    expect(addExceptions(text, site, [entry])).toContain('&e [{ rules: 2 }, { rules: [1] }]');
  });

  test('in the section of a route when the site has none', () => {
    const text = 'sites:\n  a.test:\n    routes:\n      - to: u\n      - to: u\n        waf: { rules: x }\n';
    expect(addExceptions(text, { site: 'a.test', route: 1 }, [entry])).toContain(
      'waf: { rules: x, exceptions: [{ rules: [1] }] }',
    );
  });

  test.for([
    'sites: { b.test: {} }',
    'sites: { a.test: { waf: false } }',
    'x: &w { rules: x }\nsites: { a.test: { waf: *w } }',
    'sites: [',
    'sites: { a.test: { waf: { exceptions: &e [{ rules: 2 }] } }, b.test: { waf: { exceptions: *e } } }',
    'sites: { a.test: { waf: &w { rules: x } }, b.test: { waf: *w } }',
    'sites: { a.test: &a { waf: { rules: x } }, b.test: { <<: *a } }',
    'sites: { a.test: { waf: { exceptions: *e } }, b.test: { waf: { exceptions: &e [{ rules: 2 }] } } }',
  ])('nowhere in %s', (text) => {
    expect(() => addExceptions(text, site, [entry])).toThrow();
  });
});

/** A file with rules in every layout, and something of everybody's own around them. */
const layouts = fc
  .record({
    indent: fc.constantFrom(1, 2, 4),
    comment: fc.constantFrom('', ' # note', '   # { not: [yaml'),
    gap: fc.constantFrom('', '\n', '\n\n      # stands alone\n'),
    form: fc.constantFrom('block', 'flow'),
    exceptions: fc.constantFrom('none', 'empty', 'null', 'block', 'flow', 'deep'),
    isLast: fc.boolean(),
    end: fc.constantFrom('', '\n', '\n\n# end\n'),
  })
  .map(({ indent, comment, gap, form, exceptions, isLast, end }) => {
    const step = ' '.repeat(indent);
    const flow = {
      none: [],
      empty: ['exceptions: []'],
      null: ['exceptions: null'],
      block: ['exceptions: [ { rules: 7 } ]'],
      flow: ['exceptions: [{ rules: [7] }, { rules: 8 }]'],
      deep: ['exceptions: [{ rules: [7],\n               reason: "a\n               b" }]'],
    }[exceptions];
    const block = {
      none: [],
      empty: [`exceptions: []${comment}`],
      null: [`exceptions:${comment}`],
      block: [`exceptions:${comment}`, `  - { rules: 7 }${comment}`, `  - rules: [8]`, `    reason: x${comment}`],
      flow: [`exceptions: [{ rules: 7 }]${comment}`],
      deep: [`exceptions:`, `- rules: 7`, `  reason: >-`, `    folded`, `    text`],
    }[exceptions];
    const rules = [`rules: [x.conf]${comment}`];
    const lines = isLast ? [...rules, ...block] : [...block, ...rules];
    const waf =
      form === 'flow'
        ? ` { rules: [x.conf]${flow.map((text) => `, ${text}`).join('')} }`
        : lines.map((line) => `\n${step.repeat(3)}${line}`).join('');
    return `# my file\nsites:${comment}\n${step}a.test:\n${step.repeat(2)}to: "http://a"\n${step.repeat(2)}waf:${waf}${gap}\n${step}b.test: { to: "http://b" }${end}`;
  });

const hostile = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
const drafts = fc.record({
  rules: fc.array(
    fc.oneof(
      fc.nat({ max: 999_999 }).map((n) => ({ from: n + 1, to: n + 1 })),
      fc.constant({ from: 1, to: 9 }),
      fc.constant({ tag: 'attack-xss' }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  fields: fc.array(
    hostile.filter((name) => name !== '').map((name) => ({ area: 'args', name })),
    { maxLength: 2 },
  ),
  path: fc.constantFrom(undefined, ['/x'], ['/a/*', '**']),
  method: fc.constantFrom(undefined, ['POST'], ['GET', 'PUT']),
});

test('whatever the layout, every other byte stays, and the file says what was meant', () => {
  fc.assert(
    fc.property(
      layouts,
      drafts,
      hostile.filter((reason) => reason !== ''),
      (text, draft, reason) => {
        const before = parseConfig(text, { file: '<t>', env: {} });
        expect(before.problems).toEqual([]);
        const written = exceptionText(draft, { reason, expires: '2027-03-01' });
        const after = addExceptions(text, site, [written]);
        const { config, problems } = parseConfig(after, { file: '<t>', env: {} });
        expect(problems).toEqual([]);
        const exceptionsOf = (of: typeof config) => of?.sites[0]?.routes[0]?.waf?.exceptions ?? [];
        const [all, known] = [exceptionsOf(config), exceptionsOf(before.config)];
        expect(all.length).toBe(known.length + 1);
        expect(all.at(-1)).toMatchObject({ ...draft, reason, expires: '2027-03-01' });
        // Nothing is lost but what stood for an empty list.
        const put = after.includes(`, ${written}`) ? `, ${written}` : written;
        const around = after.replace(put, () => '');
        for (const line of text.split('\n')) {
          const kept = line.replace(/(exceptions:)\s*(?:\[\]|null)/, '$1').replace(/\s*[\]}\s]*$/, '');
          expect(around).toContain(kept);
        }
        expect(Object.keys((parse(after) as { sites: object }).sites)).toEqual(['a.test', 'b.test']);
      },
    ),
  );
});

describe('a shadow is promoted', () => {
  test.for([
    [
      'its rules take the place of the others',
      'sites:\n  a.test:\n    waf:\n      mode: block # m\n      rules: [a.conf] # old\n      shadow: # try\n        rules: [b.conf]\n        sample: 10%\n      response: true\n',
      'sites:\n  a.test:\n    waf:\n      mode: block # m\n      rules: [b.conf] # old\n      response: true\n',
    ],
    [
      'settings that were not given are written',
      'sites:\n  a.test:\n    waf:\n      rules: [a.conf]\n      shadow: { paranoia: 2, threshold: { inbound: 7 } }\n    to: u\n',
      'sites:\n  a.test:\n    waf:\n      rules: [a.conf]\n      paranoia: 2\n      threshold: { inbound: 7 }\n    to: u\n',
    ],
    [
      'between braces',
      'sites: { a.test: { waf: { rules: [a.conf], shadow: { rules: [{ crs: d }], sample: 5% } } } }',
      'sites: { a.test: { waf: { rules: [{ crs: d }] } } }',
    ],
    [
      'a list of lines',
      'sites:\n  a.test:\n    waf:\n      rules:\n        - a.conf\n      shadow:\n        rules:\n          - crs: d\n          - b.conf\n',
      'sites:\n  a.test:\n    waf:\n      rules:\n        [{"crs":"d"},"b.conf"]\n',
    ],
  ] as const)('%s', ([, before, after]) => {
    expect(promoteShadow(before, site)).toBe(after);
  });
});
