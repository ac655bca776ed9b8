// What browsers, apps and scripts of a site send all day: pages and their parts, beacons, sign-in with others, calls of an API.
import { grpc } from '../placements.ts';
import type { Random } from '../random.ts';
import type { Sketch } from '../request.ts';

export const AGENTS: readonly string[] = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Twitterbot/1.0',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'curl/8.5.0',
  'Wget/1.21.4',
  'python-requests/2.31.0',
  'Go-http-client/2.0',
  'okhttp/4.12.0',
  'axios/1.6.8',
  'node',
  'undici',
  'PostmanRuntime/7.37.3',
  'insomnia/9.2.0',
  'Java/17.0.9',
  'Apache-HttpClient/4.5.14 (Java/11.0.22)',
  'Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)',
  'MyApp/5.2 (iPhone; iOS 17.5; Scale/3.00) CFNetwork/1496.0.7 Darwin/23.5.0',
  'Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1',
  'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; .NET CLR 2.0.50727; Media Center PC 6.0)',
  'Opera/9.80 (Windows NT 6.1; U; en) Presto/2.12.388 Version/12.18',
  'Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/5.0 TV Safari/538.1',
  'kube-probe/1.29',
  'Prometheus/2.50.1',
  'ELB-HealthChecker/2.0',
  'UptimeRobot/2.0',
  'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)',
  'AhrefsBot/7.0; +http://ahrefs.com/robot/',
  'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)',
  'Lynx/2.9.0dev.10 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.0.9',
  'git/2.43.0',
  'Docker-Client/24.0.7 (linux)',
  'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Expo/1017571 CFNetwork/1410.0.3 Darwin/22.6.0',
  'WordPress/6.5; https://example.com',
  'libwww-perl/6.72',
  'Ruby',
  'Faraday v2.9.0',
  'GuzzleHttp/7',
  'Symfony HttpClient (Curl)',
  'aws-sdk-js/3.569.0 os/linux lang/js md/nodejs/20.12.2',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/125.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 [FBAN/FB4A;FBAV/460.0.0.45.83;]',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 325.0.3.34.91 (iPhone14,5; iOS 17_4; de_DE; de; scale=3.00; 1170x2532; 585213712)',
  'Thunderbird/115.10.1',
  'VLC/3.0.20 LibVLC/3.0.20',
  'feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/',
  'Tiny Tiny RSS/24.03 (https://tt-rss.org/)',
  'Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)',
  'NetNewsWire (RSS Reader; https://netnewswire.com/)',
  'k6/0.50.0 (https://k6.io/)',
];

const FILES = [
  'app.3f2a1b.js',
  'vendor~main.chunk.js',
  'style.min.css?v=1.2.3',
  'logo@2x.png',
  'fonts/inter-v12-latin-700.woff2',
  'sprite.svg#icon-cart',
  'manifest.webmanifest',
  'favicon.ico',
  'i18n/de-DE.json',
  'sw.js',
  'img/cat%20photo%20(1).jpg',
  'index.php',
  '.well-known/security.txt',
  'sitemap.xml',
  'robots.txt',
  'download/report-2024_Q1.pdf',
  'assets/index-DiwrgTda.js.map',
  '_next/static/chunks/pages/_app-1b2c3d.js',
  'wp-content/uploads/2024/05/a-b.jpg',
  '.well-known/acme-challenge/abc',
];
const PAGES = [
  '/',
  '/shop/shoes',
  "/blog/it's-here",
  '/de/über-uns',
  '/users/o%27brien',
  '/products/12-inch-table',
  '/a/b/c/d',
  '/search',
  '/cart',
  '/account/orders/2024-001',
  '/wiki/Union_(set_theory)',
  '/docs/sql/select',
  '/tag/c%2B%2B',
  '/p/what-is-etc-passwd',
  '/@user/post-1',
  '/item/1,2,3',
  '/x;jsessionid=ABC123',
  '/files/2024/05/',
  '/category/men%27s',
  '/help/how-to-drop-a-table',
];

function query(random: Random): string {
  return random.of([
    () =>
      `utm_source=newsletter&utm_medium=email&utm_campaign=${random.of(['spring_sale', 'black-friday', '50%25+off'])}&utm_content=a%7Cb`,
    () => `gclid=${random.token(60)}&fbclid=IwAR${random.token(50)}`,
    () =>
      `redirect_uri=${encodeURIComponent('https://app.example.com/callback?next=/home')}&response_type=code&scope=openid%20profile%20email&state=${random.token(32)}&code_challenge=${random.token(43)}&code_challenge_method=S256`,
    () =>
      `code=4/0A${random.token(40)}&state=${random.token(24)}&scope=email+profile+https://www.googleapis.com/auth/userinfo.email`,
    () => `filter[price][gte]=10&filter[price][lte]=50&sort=-created_at&page[number]=2`,
    () => `q=${random.of(['shoes', "men's", 'a+b', 'caf%C3%A9', 'x%26y'])}&sort=price+asc&page=${random.below(20)}`,
    () => `returnUrl=${encodeURIComponent('/account/orders?id=12&tab=all')}`,
    () => `url=${encodeURIComponent('https://www.example.org/articles/2024/05/some-title.html?ref=home#comments')}`,
    () => `callback=jQuery${random.below(1e9)}_${random.below(1e9)}&_=${random.below(1e9)}`,
    () => `bbox=-0.489,51.28,0.236,51.686&zoom=12&layers=a,b`,
    () => `ids=1,2,3&fields=id,name,price&include=author,comments`,
    () => `date=2024-05-01T12:00:00%2B02:00&tz=Europe/Berlin`,
    () => `v=${random.hex(8)}&t=${random.below(1e9)}`,
    () =>
      `token=eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify({ sub: random.below(9999), name: 'Ann', iat: 1 })).toString('base64url')}.${random.token(43)}`,
    () => `data=${encodeURIComponent(Buffer.from(JSON.stringify({ event: 'view', page: '/x' })).toString('base64'))}`,
    () => `select=name,age&age=gte.18&order=age.desc`,
    () => `$filter=Price%20gt%2020%20and%20startswith(Name,%27A%27)&$select=Name,Price&$top=10`,
    () => `jql=project%20%3D%20ABC%20AND%20status%20in%20(Open,%20%22In%20Progress%22)%20ORDER%20BY%20created`,
  ])();
}

function cookies(random: Random): string {
  return [
    `_ga=GA1.2.${random.below(1e9)}.${random.below(1e9)}`,
    `_gid=GA1.2.${random.below(1e9)}`,
    `session=${random.token(120)}`,
    `csrftoken=${random.token(64)}`,
    `prefs=${encodeURIComponent(JSON.stringify({ theme: 'dark', lang: 'en', cols: ['a', 'b'] }))}`,
    `OptanonConsent=isGpcEnabled=0&datestamp=Wed+May+01+2024+12%3A00%3A00+GMT%2B0200+(CEST)&version=202401.1.0&groups=C0001%3A1%2CC0002%3A0`,
    `cart=${Buffer.from('{"items":[{"id":1,"n":2}]}').toString('base64')}`,
    `__cf_bm=${random.token(40)}-1714555555-1.0.1.1-${random.token(60)}`,
    `connect.sid=s%3A${random.token(32)}.${encodeURIComponent(`${random.token(20)}+/${random.token(10)}`)}`,
    `_fbp=fb.1.${random.below(1e9)}.${random.below(1e9)}`,
    `jwt=eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.${random.token(200)}.${random.token(120)}`,
    `lang=de-DE`,
    `euconsent-v2=${random.token(90)}.YAAAAAAAAAAA`,
    `visited=/a|/b|/c`,
  ]
    .filter(() => random.chance(0.45))
    .join('; ');
}

export function browsing(random: Random): Sketch[] {
  return Array.from({ length: 1200 }, (): Sketch => {
    const cookie = cookies(random);
    const page = random.of(PAGES);
    const headers: [string, string][] = [
      ['sec-ch-ua', '"Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"'],
      ['sec-ch-ua-platform', '"Windows"'],
      ['sec-fetch-site', 'same-origin'],
      ['referer', `https://shop.example.com${random.of(PAGES)}${random.chance(0.5) ? `?${query(random)}` : ''}`],
      ...(cookie === '' ? [] : [['cookie', cookie] satisfies [string, string]]),
      ...(random.chance(0.2)
        ? [['if-none-match', `W/"${random.hex(8)}-${random.token(27)}"`] satisfies [string, string]]
        : []),
    ];
    const kind = random.weighted({ page: 5, file: 4, beacon: 3, form: 2, fetch: 3, upload: 1, report: 1 });
    switch (kind) {
      case 'file':
        return { target: `/${random.of(['', 'static/', 'assets/'])}${random.of(FILES).replace('#', '%23')}`, headers };
      case 'beacon':
        return {
          method: 'POST',
          target: `/collect?v=2&tid=G-${random.token(10)}&${query(random)}`,
          headers,
          type: 'text/plain;charset=UTF-8',
          body: `en=page_view&dl=${encodeURIComponent(`https://shop.example.com${page}`)}&dt=${encodeURIComponent("It's a <test> page | Shop")}\r\nen=scroll&epn.percent=90`,
        };
      case 'form':
        return {
          target: '/login',
          headers,
          type: 'application/x-www-form-urlencoded',
          body: new URLSearchParams({
            username: 'ann@example.com',
            password: random.of([
              "P@ss'w0rd;--",
              'correct horse battery',
              '<Secret>&1',
              'x\' y" z',
              '$ecret!(2024)',
              'or1=1isnotmine',
            ]),
            csrf: random.token(40),
            next: '/account?tab=1',
          }).toString(),
        };
      case 'fetch':
        return {
          target: `/api${page}?${query(random)}`,
          headers: [
            ...headers,
            ['authorization', `Bearer eyJhbGciOiJSUzI1NiJ9.${random.token(150)}.${random.token(200)}`],
            ['x-requested-with', 'XMLHttpRequest'],
          ],
        };
      case 'upload':
        return {
          target: '/api/avatar',
          headers,
          type: 'application/json',
          body: JSON.stringify({
            name: "me & you's.png",
            image: `data:image/png;base64,iVBORw0KGgo${random.token(800)}==`,
          }),
        };
      case 'report':
        return {
          target: '/csp',
          headers,
          type: 'application/csp-report',
          body: JSON.stringify({
            'csp-report': {
              'document-uri': 'https://shop.example.com/',
              'violated-directive': "script-src 'self'",
              'blocked-uri': 'inline',
              'original-policy': "default-src 'self'; script-src 'self' 'unsafe-inline'",
              'script-sample': 'console.log("x")',
            },
          }),
        };
      default:
        return { target: random.chance(0.6) ? `${page}?${query(random)}` : page, headers };
    }
  });
}

const GRAPHQL: readonly (readonly [string, unknown])[] = [
  [
    'query Me { me { id name email avatar(size: 64) orders(first: 10, after: "abc") { edges { node { id total } cursor } pageInfo { hasNextPage } } } }',
    {},
  ],
  [
    'mutation Add($input: AddItemInput!) { addItem(input: $input) { item { id __typename } errors { field message } } }',
    { input: { sku: "A'1", quantity: 2 } },
  ],
  [
    'query Search($q: String!, $where: ItemWhere, $orderBy: [Order!]) { search(q: $q, where: $where, orderBy: $orderBy) { total items { ...ItemCard } } }\nfragment ItemCard on Item { id title price { amount currency } }',
    {
      q: "men's shoes",
      where: { price: { gte: 10, lt: 50 }, OR: [{ tag: 'a' }, { tag: 'b' }] },
      orderBy: ['PRICE_ASC'],
    },
  ],
  ['subscription OnMessage($room: ID!) { message(room: $room) { text user { name } } }', { room: '1' }],
  ['{ user(id: 1) { name ... on Admin { role } posts @include(if: true) { title } } }', null],
  [
    'query ($a: Int = 5, $b: [String!]) { a: items(limit: $a) { id } b: items(tags: $b) { id } }',
    { a: 1, b: ['x', 'y'] },
  ],
  [
    'mutation { updateProfile(input: {bio: "I\'m a dev; I like SQL & JS <3", links: ["https://example.com/?a=1"]}) { ok } }',
    null,
  ],
  [
    'query Repo($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { object(expression: "HEAD:package.json") { ... on Blob { text } } issues(states: OPEN, last: 20) { nodes { title url } } } }',
    { owner: 'a', name: 'b' },
  ],
  ['# comment\nquery Q {\n  products(filter: "price > 10 AND name LIKE \'A%\'") { id }\n}', null],
];

export function graphqlQueries(random: Random): Sketch[] {
  return Array.from({ length: 200 }, (): Sketch => {
    const [text, variables] = random.of(GRAPHQL);
    if (random.chance(0.2))
      return {
        target: `/graphql?query=${encodeURIComponent(text)}&variables=${encodeURIComponent(JSON.stringify(variables))}`,
      };
    if (random.chance(0.1)) return { target: '/graphql', type: 'application/graphql', body: text };
    const call = {
      operationName: /(?:query|mutation) (\w+)/.exec(text)?.[1] ?? null,
      query: text,
      variables,
      extensions: { persistedQuery: { version: 1, sha256Hash: random.hex(64) } },
    };
    return {
      target: '/graphql',
      type: 'application/json',
      body: JSON.stringify(random.chance(0.1) ? [call, call] : call),
    };
  });
}

export function apiCalls(random: Random): Sketch[] {
  return Array.from({ length: 500 }, (): Sketch => {
    const bearer: [string, string] = [
      'authorization',
      random.of([
        `Bearer ${random.token(40)}`,
        `Basic ${Buffer.from("ann:p'ss;w<o>rd").toString('base64')}`,
        `token ghp_${random.token(36)}`,
        `AWS4-HMAC-SHA256 Credential=AKIA${random.token(16)}/20240501/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${random.hex(64)}`,
      ]),
    ];
    return random.of<() => Sketch>([
      () => ({ method: 'DELETE', target: `/api/items/${random.below(999)}`, headers: [bearer] }),
      () => ({
        method: 'PATCH',
        target: '/api/items/1',
        type: 'application/json-patch+json',
        headers: [bearer],
        body: '[{"op":"replace","path":"/name","value":"O\'Neil"},{"op":"remove","path":"/tags/0"}]',
      }),
      () => ({
        method: 'PUT',
        target: '/bucket/a%20b.txt',
        type: 'application/octet-stream',
        headers: [bearer],
        body: Buffer.from(Array.from({ length: 400 }, () => random.below(256))),
      }),
      () => ({
        method: 'POST',
        target: '/shop.Items/Find',
        type: 'application/grpc',
        headers: [['te', 'trailers']],
        body: grpc(random.of(['shoes', "men's", 'select all', 'a & b'])),
      }),
      () => ({
        method: 'POST',
        target: '/v1/traces',
        type: 'application/x-protobuf',
        body: Buffer.concat([
          Buffer.from([0x0a, 0x04]),
          Buffer.from('GET '),
          Buffer.from([0x12, 0x03, 0x0a, 0x01, 0x41]),
        ]),
      }),
      () => ({
        method: 'PROPFIND',
        target: '/dav/files/',
        type: 'application/xml',
        headers: [['depth', '1']],
        body: '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>',
      }),
      () => ({
        method: 'POST',
        target: '/_search',
        type: 'application/json',
        body: JSON.stringify({
          query: {
            bool: {
              must: [{ match: { title: "it's" } }],
              filter: [{ range: { price: { gte: 10, lte: 20 } } }, { term: { status: 'published' } }],
            },
          },
          sort: [{ date: 'desc' }],
          size: 10,
        }),
      }),
      () => ({
        method: 'POST',
        target: '/webhooks/github',
        type: 'application/json',
        headers: [['x-hub-signature-256', `sha256=${random.hex(64)}`]],
        body: JSON.stringify({
          ref: 'refs/heads/main',
          commits: [
            {
              id: random.hex(40),
              message: "fix: don't drop table; see ../README.md",
              url: 'https://github.com/a/b/commit/x',
              added: ['src/lib/index.js', 'test/../x'],
            },
          ],
          repository: { full_name: 'a/b', default_branch: 'main' },
        }),
      }),
      () => ({
        method: 'POST',
        target: '/rpc',
        type: 'application/json',
        body: JSON.stringify({ jsonrpc: '2.0', method: 'system.listMethods', params: [1, 'x'], id: 1 }),
      }),
      () => ({
        method: 'POST',
        target: '/ws',
        type: 'text/xml',
        headers: [['soapaction', '"urn:get"']],
        body: '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/><soap:Body><m:Get xmlns:m="urn:x"><m:Name>O\'Brien &amp; Sons</m:Name></m:Get></soap:Body></soap:Envelope>',
      }),
      () => ({
        method: 'POST',
        target: '/api/settings',
        type: 'application/json',
        body: JSON.stringify({
          scripts: { test: 'vitest run && node build.js', build: 'rm -rf dist && tsc -p .' },
          env: { PATH: '/usr/bin:/bin', HOME: '/root' },
          cron: '*/5 * * * *',
          template: 'Hello {{name}}, ${total}',
          webhook: 'https://hooks.example.com/x?y=1',
          regex: "^[a-z']+$",
          html: '<b>hi</b>',
        }),
      }),
      () => ({
        method: 'GET',
        target: `/api/items?where=${encodeURIComponent('{"price":{"gte":5}}')}&sort=${encodeURIComponent('["name","ASC"]')}`,
        headers: [bearer],
      }),
      () => ({
        method: 'OPTIONS',
        target: '/api/items',
        headers: [
          ['origin', 'https://app.example.com'],
          ['access-control-request-method', 'PUT'],
          ['access-control-request-headers', 'authorization,content-type'],
        ],
      }),
      () => ({ method: 'HEAD', target: '/download/file.zip', headers: [['range', 'bytes=0-1023']] }),
      () => ({
        method: 'POST',
        target: '/v1/chat/completions',
        type: 'application/json',
        headers: [bearer],
        body: JSON.stringify({
          model: 'x',
          messages: [
            { role: 'system', content: "You're a helpful assistant." },
            { role: 'user', content: 'Write a SQL query: select name from users where id = 1; explain it.' },
          ],
          temperature: 0.7,
        }),
      }),
      () => ({
        method: 'POST',
        target: '/sentry/envelope/',
        type: 'application/x-sentry-envelope',
        body: `{"event_id":"${random.hex(32)}","sent_at":"2024-05-01T12:00:00Z"}\n{"type":"event"}\n{"exception":{"values":[{"type":"TypeError","value":"Cannot read properties of undefined (reading 'x')"}]}}`,
      }),
    ])();
  });
}
