import { describe, expect, test } from 'vitest';
import { configOf, messagesOf, placesOf } from '../reading.ts';

describe('names', () => {
  test('are lower-case ASCII, in the order of the file', () => {
    const { sites } = configOf(
      'sites: { B.test: { to: "http://a", aliases: [WWW.B.test, bücher.test] }, default: { to: "http://a" } }',
    );
    expect(sites.map(({ name, aliases }) => [name, ...aliases])).toEqual([
      ['b.test', 'www.b.test', 'xn--bcher-kva.test'],
      ['default'],
    ]);
  });

  test('a lone alias needs no list', () => {
    expect(configOf('sites: { a.test: { to: "http://a", aliases: b.test } }').sites[0]?.aliases).toEqual(['b.test']);
  });

  test.for([
    ['sites:\n  a.test: { to: "http://a" }\n  A.TEST: { to: "http://a" }', '3:3'],
    ['sites:\n  a.test: { to: "http://a" }\n  a.test.: { to: "http://a" }', '3:3'],
    ['sites:\n  a.test: { to: "http://a" }\n  b.test: { to: "http://a", aliases: [c.test, a.test] }', '3:47'],
    ['sites:\n  a.test: { to: "http://a", aliases: [b.test] }\n  b.test: { to: "http://a" }', '3:3'],
    ['sites:\n  a.test: { to: "http://a", aliases: [a.test] }', '2:39'],
    ['sites:\n  a.test: { to: "http://a", aliases: [b.test, B.test] }', '2:47'],
    ['sites:\n  "*.a.test": { to: "http://a", aliases: ["*.A.test"] }', '2:43'],
  ] as const)('%j: a name belongs to one site', ([text, place]) => {
    expect(placesOf(text)).toEqual([`${place} duplicate-name`]);
    expect(messagesOf(text)[0]).toContain('already taken on line 2');
  });
});

describe('where requests go', () => {
  test('to an upstream by its name, or to a server by its URL; one URL is one upstream', () => {
    const { sites, upstreams } = configOf(`
upstreams: { app: { servers: "http://10.0.0.1" } }
sites:
  a.test: { to: app }
  b.test: { to: "http://b:80/" }
  c.test: { to: "http://B", routes: [{ match: { path: /x }, to: "http://b/base/" }] }
`);
    expect(sites.map(({ routes }) => routes.map(({ upstream }) => upstream))).toEqual([
      ['app'],
      ['http://b'],
      ['http://b/base', 'http://b'],
    ]);
    expect([...upstreams.keys()]).toEqual(['app', 'http://b', 'http://b/base']);
  });

  test('a route without a to goes where its site goes', () => {
    const [site] = configOf(
      'sites: { a.test: { to: "http://a", routes: [{ match: { path: /x }, stripPrefix: /x }] } }',
    ).sites;
    expect(site?.routes.map(({ upstream, stripPrefix }) => [upstream, stripPrefix])).toEqual([
      ['http://a', '/x'],
      ['http://a', undefined],
    ]);
  });

  test('routes alone are enough', () => {
    expect(configOf('sites: { a.test: { routes: [{ to: "http://a" }] } }').sites[0]?.routes).toHaveLength(1);
  });

  test.for([
    ['sites: { a.test: {} }', 'sites["a.test"]: this site leads nowhere; write to, or at least one route'],
    ['sites: { a.test: }', 'sites["a.test"]: this site leads nowhere; write to, or at least one route'],
    ['sites: { a.test: { routes: [] } }', 'sites["a.test"]: this site leads nowhere; write to, or at least one route'],
    [
      'sites: { a.test: { routes: [{ match: { path: /x } }] } }',
      'sites["a.test"].routes[0]: this route leads nowhere; write to, here or in the site',
    ],
    [
      'sites: { a.test: { to: "" } }',
      'sites["a.test"].to: "" is empty; write an upstream\'s name or a URL like http://127.0.0.1:3000',
    ],
    [
      'sites: { a.test: { to: 3000 } }',
      'sites["a.test"].to: "3000" is not an upstream\'s name or a URL; write an upstream\'s name, or a URL like http://127.0.0.1:3000',
    ],
    [
      'sites: { a.test: { to: "127.0.0.1:3000" } }',
      'sites["a.test"].to: "127.0.0.1:3000" is not an upstream; there are none in this file; a server is written as a URL, like http://127.0.0.1:3000',
    ],
    [
      'upstreams: { backend: { servers: "http://a" }, api: { servers: "http://a" } }\nsites: { a.test: { to: bakcend } }',
      'sites["a.test"].to: "bakcend" is not an upstream; did you mean "backend"? (upstreams: backend, api)',
    ],
    [
      'upstreams: { backend: { servers: 5 } }\nsites: { a.test: { to: backend } }',
      'upstreams.backend.servers: "5" is not a URL or a list; write a URL like http://10.0.0.5:3000 or a list of them',
    ],
    [
      'sites: { a.test: { to: "https://user:x@a" } }',
      'sites["a.test"].to: "https://***@a" holds a user name or password; send it as a header instead (headers.request.set)',
    ],
    [
      'sites: { a.test: "http://a" }',
      /^sites\["a\.test"\]: "http:\/\/a" is not a map; write keys below it \(aliases, .*, to\)$/,
    ],
    [
      'sites: { "a.test:80": { to: "http://a" } }',
      'sites: "a.test:80" holds a port; write the host name alone, the port belongs in listen.https',
    ],
    ['sites: { a.test: { to: "http://a", routes: [null] } }', 'sites["a.test"].routes[0]: has no value'],
    [
      'sites: { a.test: { to: "http://a", aliases: [default] } }',
      'sites["a.test"].aliases[0]: "default" cannot be an alias; name a site default instead',
    ],
  ] as const)('%s', ([text, message]) => {
    expect(messagesOf(text)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  test('the same unknown name is told at each place', () => {
    expect(placesOf('sites:\n  a.test: { to: x }\n  b.test: { to: x, routes: [{ to: y }] }')).toEqual([
      '2:17 unknown-upstream',
      '3:17 unknown-upstream',
      '3:35 unknown-upstream',
    ]);
  });
});

describe('matches', () => {
  test('are read from lists and from single values', () => {
    const match =
      'path: [/a/**, "/b c"], method: post, header: { X-Beta: 1, x-any: "*" }, query: { V: 2.0 }, client: 10.0.0.0/8';
    const [route] =
      configOf(`sites: { a.test: { to: "http://a", routes: [{ match: { ${match} } }] } }`).sites[0]?.routes ?? [];
    expect(route?.match).toEqual({
      path: ['/a/**', '/b%20c'],
      method: ['POST'],
      header: new Map([
        ['x-beta', '1'],
        ['x-any', '*'],
      ]),
      query: new Map([['V', '2.0']]),
      client: ['10.0.0.0/8'],
    });
  });

  test.for([
    ['path: api', /"api" is not a path; it begins with \/ or \*/],
    ['path: [/a, b]', /path\[1\]: "b" is not a path/],
    ['path: 5', /path: "5" is not a path/],
    ['method: PSOT', /did you mean "POST"/],
    ['header: { "a b": 1 }', /"a b" is not a header name/],
    ['header: { x-a: [1] }', /x-a: a list is not a text/],
    ['header: { x-a: }', /x-a: has no value/],
    ['client: 10.0.0.0/99', /prefix length/],
    ['hosts: a', /unknown key "hosts"; allowed: path, method, header, query, client/],
  ] as const)('%s', ([match, message]) => {
    expect(messagesOf(`sites: { a.test: { to: "http://a", routes: [{ match: { ${match} } }] } }`)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});

describe('headers', () => {
  function headers(text: string): string {
    return `sites: { a.test: { to: "http://a", headers: ${text} } }`;
  }

  test('names are lower-case, and a list of removals replaces the default', () => {
    const [site] = configOf(
      headers('{ request: { set: { Host: a, X-Empty: "" }, remove: Cookie }, response: { remove: [X-A, x-a] } }'),
    ).sites;
    expect(site?.headers.request.set).toEqual(
      new Map([
        ['host', 'a'],
        ['x-empty', ''],
      ]),
    );
    expect(site?.headers.request.remove).toEqual(['cookie']);
    expect(site?.headers.response.remove).toEqual(['x-a']);
    expect(configOf(headers('{ response: { remove: [] } }')).sites[0]?.headers.response.remove).toEqual([]);
    expect(configOf(headers('{ response: { set: { a: b } } }')).sites[0]?.headers.response.remove).toEqual([
      'server',
      'x-powered-by',
    ]);
  });

  test('a route adds to its site and has no default of its own', () => {
    const [site] = configOf(
      'sites: { a.test: { to: "http://a", routes: [{ headers: { response: { set: { X: y } } } }] } }',
    ).sites;
    expect(site?.routes[0]?.headers).toEqual({
      request: { set: new Map(), remove: [] },
      response: { set: new Map([['x', 'y']]), remove: [] },
    });
  });

  const framing = [
    'content-length',
    'Transfer-Encoding',
    'connection',
    'upgrade',
    'te',
    'trailer',
    'keep-alive',
    'proxy-connection',
  ];

  test.for(framing)('%s frames the message and cannot be set or removed', (name) => {
    expect(messagesOf(headers(`{ request: { set: { ${name}: x } } }`))).toEqual([
      expect.stringContaining('cannot be changed'),
    ]);
    expect(messagesOf(headers(`{ response: { remove: [${name}] } }`))).toEqual([
      expect.stringContaining('cannot be changed'),
    ]);
  });

  test.for([
    ['{ request: { set: { ":path": x } } }', /pseudo-header/],
    ['{ request: { set: { "x y": x } } }', /not a header name/],
    ['{ request: { set: { "": x } } }', /a key is missing/],
    ['{ request: { set: { x-a: "a\\r\\nb" } } }', /line break or NUL/],
    ['{ request: { set: { x-a: "a\\0b" } } }', /line break or NUL/],
    ['{ request: { set: { x-a: "€" } } }', /no header value can/],
    ['{ request: { set: { X-A: 1, x-a: 2 } } }', /stands here twice, in different cases/],
    ['{ request: { set: { x-a: {} } } }', /a map is not a text/],
    ['{ request: { set: [x] } }', /a list is not/],
    ['{ responses: {} }', /did you mean "response"/],
  ] as const)('%s', ([text, message]) => {
    expect(messagesOf(headers(text))).toEqual([expect.stringMatching(message)]);
  });
});

describe('the certificate of a site', () => {
  test.for([
    ['auto', 'auto'],
    ['internal', 'internal'],
    ['null', 'auto'],
    ['{ cert: a.pem, key: /k }', { cert: '/etc/gatehouse/a.pem', key: '/k', passphrase: undefined }],
    ['{ pfx: b.pfx, passphrase: x }', { pfx: '/etc/gatehouse/b.pfx', passphrase: 'x' }],
  ] as const)('%s', ([written, certificate]) => {
    expect(configOf(`sites: { a.test: { to: "http://a", certificate: ${written} } }`).sites[0]?.certificate).toEqual(
      certificate,
    );
  });

  test.for([
    [
      'autp',
      /"autp" is not one of auto, internal or a map; did you mean "auto"|"autp" is not one of auto, internal; did you mean "auto"\?/,
    ],
    ['{ cert: a }', /the key "key" is missing beside "cert"/],
    ['{ key: a }', /the key "cert" is missing beside "key"/],
    ['{}', /names no certificate; write cert and key, or pfx/],
    ['{ passphrase: x }', /names no certificate/],
    ['{ cert: a, key: b, pfx: c }', /has both pfx and cert or key/],
    ['{ cert: a, key: [b] }', /a list is not a path/],
  ] as const)('%s', ([written, message]) => {
    expect(messagesOf(`sites: { a.test: { to: "http://a", certificate: ${written} } }`)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});
