import { describe, expect, test } from 'vitest';
import type { WafConfig } from '../../../src/config/model/waf.ts';
import { configOf, placesOf } from '../reading.ts';

/** The rules of each route, the site's own behind them. */
function wafsOf(site: string, ...routes: readonly string[]): (WafConfig | undefined)[] {
  const list = routes.map((waf, i) => `{ match: { path: /${i} }, waf: ${waf} }`).join(', ');
  const text = `sites: { a.test: { to: "http://a", ${site === '' ? '' : `waf: ${site}, `}routes: [${list}] } }`;
  return configOf(text).sites[0]?.routes.map(({ waf }) => waf) ?? [];
}

describe('a site without a word of rules', () => {
  test('has the core rules, blocking', () => {
    expect(wafsOf('')).toMatchObject([{ mode: 'block', rules: [{ core: true }], paranoia: 1 }]);
    expect(wafsOf('false')).toEqual([undefined]);
  });

  test('can have others for one of its routes, or none', () => {
    const [route, spared, own] = wafsOf('', '{ rules: [a.conf] }', 'false');
    expect(route?.rules).toEqual([{ files: '/etc/gatehouse/a.conf' }]);
    expect(spared).toBeUndefined();
    expect(own?.rules).toEqual([{ core: true }]);
  });

  test('that switches rules off can have some for one of its routes', () => {
    const [route, own] = wafsOf('false', '{ rules: [a.conf] }');
    expect(route?.rules).toEqual([{ files: '/etc/gatehouse/a.conf' }]);
    expect(own).toBeUndefined();
  });
});

describe('rules', () => {
  test('have safe defaults', () => {
    expect(wafsOf('{ rules: [a.conf] }')).toEqual([
      {
        mode: 'block',
        rules: [{ files: '/etc/gatehouse/a.conf' }],
        paranoia: 1,
        detectionParanoia: 1,
        threshold: { inbound: 5, outbound: 4 },
        body: { inspectBytes: 128 * 1024, over: 'inspect-prefix', depth: 64, arguments: 5_000 },
        response: false,
        responseTypes: ['text/*', 'application/json', 'application/xml', 'application/xhtml+xml'],
        budgetMs: 250,
        onError: 'block',
        exceptions: [],
        shadow: undefined,
      },
    ]);
  });

  test('come from files, globs and folders of CRS, in order, from where the file stands', () => {
    const [waf] = wafsOf('{ rules: [b.conf, { crs: ../crs4 }, "/abs/*.conf"] }');
    expect(waf?.rules).toEqual([{ files: '/etc/gatehouse/b.conf' }, { crs: '/etc/crs4' }, { files: '/abs/*.conf' }]);
  });

  test('say everything', () => {
    const [waf] = wafsOf(
      '{ mode: detect, rules: a.conf, paranoia: 2, detectionParanoia: 3, threshold: { inbound: 7, outbound: 8 }, ' +
        'body: { inspect: 1MiB, over: inspect-prefix, depth: 5, arguments: 9 }, response: true, ' +
        'responseTypes: [Text/HTML], budget: 50ms, onError: pass }',
    );
    expect(waf).toEqual({
      mode: 'detect',
      rules: [{ files: '/etc/gatehouse/a.conf' }],
      paranoia: 2,
      detectionParanoia: 3,
      threshold: { inbound: 7, outbound: 8 },
      body: { inspectBytes: 2 ** 20, over: 'inspect-prefix', depth: 5, arguments: 9 },
      response: true,
      responseTypes: ['text/html'],
      budgetMs: 50,
      onError: 'pass',
      exceptions: [],
      shadow: undefined,
    });
  });

  test('have exceptions: rules, fields, and where they hold', () => {
    const [waf] = wafsOf(
      '{ rules: [a.conf], exceptions: [{ rules: [942100, "tag:xss", 941100-941199], ' +
        'fields: [args.comment, json./a/b, files.name, headers.X-A, args, ARGS_NAMES:id], ' +
        'path: [/posts/**, "/%7Eann"], method: post, reason: "why", expires: 2027-03-01 }, { rules: 1 }] }',
    );
    expect(waf?.exceptions.map((exception) => ({ ...exception, place: undefined }))).toEqual([
      {
        rules: [{ from: 942100, to: 942100 }, { tag: 'xss' }, { from: 941100, to: 941199 }],
        fields: [
          { area: 'args', name: 'comment' },
          { area: 'json', name: '/a/b' },
          { area: 'files.name', name: undefined },
          { area: 'headers', name: 'X-A' },
          { area: 'args', name: undefined },
          { area: 'ARGS_NAMES', name: 'id' },
        ],
        path: ['/posts/**', '/~ann'],
        method: ['POST'],
        reason: 'why',
        expires: '2027-03-01',
        place: undefined,
      },
      {
        rules: [{ from: 1, to: 1 }],
        fields: [],
        path: undefined,
        method: undefined,
        reason: undefined,
        expires: undefined,
        place: undefined,
      },
    ]);
    expect(waf?.exceptions[0]?.place).toMatchObject({ line: 1 });
  });

  test('have a shadow with the settings of the site where it says nothing of its own', () => {
    const [waf] = wafsOf('{ rules: [a.conf], paranoia: 2, detectionParanoia: 3, shadow: { paranoia: 4, sample: 5% } }');
    expect(waf?.shadow).toMatchObject({
      rules: [{ files: '/etc/gatehouse/a.conf' }],
      sample: 0.05,
      paranoia: 4,
      detectionParanoia: 3,
      threshold: { inbound: 5, outbound: 4 },
    });
  });

  test.for(['off', '"off"', 'false'])('with mode %s are none', (mode) => {
    expect(wafsOf(`{ mode: ${mode}, rules: [a.conf] }`)).toEqual([undefined]);
  });
});

describe('a route', () => {
  test('adds its exceptions to those of its site', () => {
    const text = (route: string): string =>
      `sites: { a.test: { to: "http://a", waf: { rules: [a.conf], exceptions: [{ rules: 1 }] }, routes: [{ match: { path: /x }, waf: ${route} }] } }`;
    const of = (route: string) =>
      configOf(text(route)).sites[0]?.routes.map(({ waf }) => waf?.exceptions.map(({ rules }) => rules));
    const [one, two] = [[{ from: 1, to: 1 }], [{ from: 2, to: 2 }]];
    expect(of('{ exceptions: [{ rules: 2 }] }')).toEqual([[one, two], [one]]);
    expect(of('{ mode: detect }')).toEqual([[one], [one]]);
    expect(of('{ exceptions: false }')).toEqual([[one], [one]]);
  });

  const site = '{ mode: detect, rules: [a.conf], threshold: { inbound: 7 }, body: { inspect: 1KiB } }';

  test('without a word has the rules of its site', () => {
    const text = `sites: { a.test: { to: "http://a", waf: ${site}, routes: [{ match: { path: /x } }] } }`;
    const [route, own] = configOf(text).sites[0]?.routes ?? [];
    expect(route?.waf).toEqual(own?.waf);
    expect(own?.waf?.mode).toBe('detect');
  });

  test('says one thing and inherits the rest, also within a part', () => {
    const [mode, threshold, body, own] = wafsOf(
      site,
      '{ mode: block }',
      '{ threshold: { outbound: 9 } }',
      '{ body: { over: inspect-prefix } }',
    );
    expect(mode).toEqual({ ...own, mode: 'block' });
    expect(threshold).toEqual({ ...own, threshold: { inbound: 7, outbound: 9 } });
    expect(body).toEqual({ ...own, body: { ...own?.body, over: 'inspect-prefix' } });
  });

  test('without a word about rules has the ones that Gatehouse brings', () => {
    expect(wafsOf('{ mode: block }')[0]?.rules).toEqual([{ core: true }]);
    expect(wafsOf('{ rules: [core, a.yaml] }')[0]?.rules).toEqual([{ core: true }, { files: '/etc/gatehouse/a.yaml' }]);
  });

  test('has its own rule files instead of the site’s', () => {
    expect(wafsOf(site, '{ rules: [b.conf] }')[0]?.rules).toEqual([{ files: '/etc/gatehouse/b.conf' }]);
  });

  test.for(['false', '{ mode: off }'])('has none with %s', (waf) => {
    const [route, own] = wafsOf(site, waf);
    expect([route, own?.mode]).toEqual([undefined, 'detect']);
  });

  test('turns the rules of a site on that are off for the rest', () => {
    const [route, own] = wafsOf('{ mode: off, rules: [a.conf] }', '{ mode: block }');
    expect([route?.mode, route?.rules.length, own]).toEqual(['block', 1, undefined]);
  });
});

describe('a fault', () => {
  const at = (waf: string): string => `sites:\n  a.test:\n    to: "http://a"\n    waf: ${waf}`;

  test.for([
    ['{ mode: blok, rules: [a.conf] }', 'blok'],
    ['{ rules: [a.conf], paranoia: 5 }', '5'],
    ['{ rules: [a.conf], threshold: { inbound: 0 } }', '0'],
    ['{ rules: [a.conf], body: { over: maybe } }', 'maybe'],
    ['{ rules: [a.conf], body: { inspect: many } }', 'many'],
    ['{ rules: [a.conf], onError: ignore }', 'ignore'],
    ['{ rules: [a.conf], budget: 0s }', '0s'],
    ['{ rules: [a.conf], responseTypes: [html] }', 'html'],
    ['{ rules: [a.conf], reponse: true }', 'reponse'],
    ['{ rules: [{ crss: x }] }', 'crss'],
    ['{ rules: [a.conf], exceptions: [{ rules: [0] }] }', '0'],
    ['{ rules: [a.conf], exceptions: [{ rules: [9-1] }] }', '9-1'],
    ['{ rules: [a.conf], exceptions: [{ rules: [sqli] }] }', 'sqli'],
    ['{ rules: [a.conf], exceptions: [{ rules: [1], fields: [arg.x] }] }', 'arg.x'],
    ['{ rules: [a.conf], exceptions: [{ rules: [1], fields: [json.a] }] }', 'json.a'],
    ['{ rules: [a.conf], exceptions: [{ rules: [1], expires: tomorrow }] }', 'tomorrow'],
    ['{ rules: [a.conf], exceptions: [{ rules: [1], path: posts }] }', 'posts'],
  ] as const)('in %s is told with its place', ([waf, word]) => {
    const column = at('').split('\n')[3]?.length ?? 0;
    const place = `4:${column + waf.indexOf(word) + 1}`;
    expect(placesOf(at(waf)).map((text) => text.split(' ')[0])).toContain(place);
  });
});
