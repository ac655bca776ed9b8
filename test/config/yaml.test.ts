// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of the configuration file

import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, placesOf, problemsOf, someSite } from './reading.ts';

describe('what is no YAML is told once, in plain words', () => {
  test.for([
    ['timeouts:\n\tidle: 1s\n', '2:1', 'a tab stands where only spaces may indent'],
    ['timeouts:\n  idle: 1s\n body: 1s\n', '3:1', 'the indentation does not fit the lines above'],
    [
      'timeouts:\n  idle 1s\n  body: 1s\n',
      '2:3',
      'this line has no "key: value"; is the colon, or the space behind it, missing?',
    ],
    [
      'timeouts:\n  idle: 1s: 2\n',
      '2:9',
      'a second "key: value" begins within this value; put the value in quotes, or indent an inner map on the next line',
    ],
    ['timeouts: { idle: 1s\n', '2:1', 'a { above is never closed with }, or its lines are not indented'],
    ["admin: { socket: 'run }\n", '1:18', 'this quote is never closed'],
    [
      "admin: { socket: 'it's' }\n",
      '1:22',
      'more stands here after the value is complete; put the whole value in quotes',
    ],
    ['admin: { socket: @run }\n', '1:18', 'no value can begin with this character; put the value in quotes'],
    [
      'admin: { socket: "a\\q" }\n',
      '1:20',
      'YAML does not know this backslash sequence; between single quotes a backslash is a plain character',
    ],
    ['admin: { socket: !path run }\n', '1:18', 'this tag is not known; write the value without a tag (!)'],
    ['---\nworkers: 0\n---\n', '3:1', 'a second document begins here; a configuration file holds one'],
    ['workers: 0\nworkers: 0\n', '2:1', 'the key "workers" stands here twice; the first is on line 1'],
    [
      'trustedProxies: *nobody\n',
      '1:17',
      'a bare word that begins with * refers to an anchor, and there is no such anchor above; put it in quotes, like "*.example.com"',
    ],
    ['trustedProxies: &a [*a]\n', '1:21', 'trustedProxies[0]: the reference (*) lies within what it refers to'],
    ['timeouts: { <<: 5 }\n', '1:13', 'the merge key << takes a map, a reference to one, or a list of these'],
    ['timeouts: { : 1s }\n', '1:12', 'a key is missing here, or is not a plain word'],
    ['[[[['.repeat(1000), expect.stringMatching(/^1:/), 'the file is nested too deeply'],
  ] as const)('%j', ([text, place, message]) => {
    const problems = problemsOf(text + someSite).filter((problem) => problem.message === message);
    expect(problems.map(({ line, column }) => `${line}:${column}`)).toEqual([place]);
    expect(problemsOf(text + someSite).filter(({ code }) => code === 'yaml-syntax').length).toBeLessThanOrEqual(1);
  });
});

test('around a slip of YAML the rest is still checked', () => {
  expect(
    placesOf('timeouts:\n  idle: ten\n\tbody: 1s\nlogs: { level: loud }\nsites: { a.test: { to: nowhere } }\n'),
  ).toEqual(['2:9 bad-value', '3:1 yaml-syntax', '4:16 bad-value', '5:24 unknown-upstream']);
});

test('a wildcard host without quotes is told, and its site is checked as it was meant', () => {
  expect(placesOf('sites:\n  *.example.com:\n    to: nowhere\n  b.test:\n    bogus: 1\n    to: http://b\n')).toEqual([
    '2:3 yaml-syntax',
    '3:9 unknown-upstream',
    '5:5 unknown-key',
  ]);
  expect(placesOf('sites: { a.test: { to: "http://a", routes: [{ match: { path: [**.php, /x] } }] } }')).toEqual([
    '1:63 yaml-syntax',
  ]);
});

test('a reference without quotes between braces is told, and replaced as it was meant', () => {
  const text = `timeouts: { idle: \${IDLE}, body: \${BODY:-1, 2} }\n${someSite}`;
  expect(placesOf(text, { IDLE: '5s' })).toEqual(['1:19 yaml-syntax', '1:34 yaml-syntax', '1:34 bad-value']);
  expect(messagesOf(text, { IDLE: '5s' })[0]).toContain('must stand in quotes');
});

test('a star, a brace and a dollar in quotes and comments are nothing special', () => {
  const config = configOf(
    `# *.x \${y}\nsites:\n  "*.example.com": # {\${x}} *a\n    to: http://a\n    headers: { request: { set: { x-a: "*b {c}" } } }\n`,
  );
  expect(config.sites[0]?.name).toBe('*.example.com');
  expect(config.sites[0]?.headers.request.set.get('x-a')).toBe('*b {c}');
});

test('real references to anchors stay what they are', () => {
  expect(configOf(`timeouts: { idle: &t 5s, body: *t }\n${someSite}`).timeouts).toMatchObject({
    idleMs: 5000,
    bodyMs: 5000,
  });
});
