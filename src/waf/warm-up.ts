// Runs a few ordinary requests through a fresh plan, so that the first client does not wait while automata get their
// states, and later some hostile ones: the first of those costs five times as much as the next.
import { Engine, type Inspection } from './engine.ts';
import { FIRST_SHAPES, hostileBodies, LATER_SHAPES } from './hostile-bodies.ts';
import type { Plan } from './plan.ts';

/** Field lines of two clients. */
const HEADERS: readonly (readonly string[])[] = [
  `host: app.example.com
connection: keep-alive
upgrade-insecure-requests: 1
user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36
accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
accept-language: en-GB,en;q=0.9,de;q=0.8
accept-encoding: gzip, deflate, br, zstd
referer: https://app.example.com/articles/list?page=2&sort=new
sec-fetch-site: same-origin
cookie: session=4f1c9a77e0b24f6f8d2e; theme=dark; lang=en-GB; _ga=GA1.2.1190238841.1763720000`,
  `host: api.example.com:8443
accept: */*
origin: https://app.example.com
user-agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148
authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl
if-none-match: W/"1f4c-5d1e"
x-requested-with: XMLHttpRequest`,
].map((text) => text.split('\n').flatMap((line) => line.split(/: (.*)/, 2)));

const TARGETS: readonly string[] = [
  '/',
  '/articles/2026/autumn-in-the-garden.html?page=2&sort=new&tag=flowers',
  '/static/app.3f9c1b2e.js?v=20261121',
  '/search?q=red+apples+%26+pears&category=Fruit%20and%20vegetables&min=1.50&max=12',
  '/users/8d7f4a5e-3c0b-4f7a-9b44-0f1d2c3b4a59/settings?return=%2Fhome&lang=de-DE',
];

const FORM =
  'name=Anna+Keller&email=anna.keller%40example.com&subject=Your+offer+of+last+week&age=37&newsletter=on' +
  '&message=Dear+team%2C+thank+you+for+the+pleasant+visit.+We+would+like+to+order+12+chairs%3B+is+that+possible%3F';

const JSON_BODY = JSON.stringify({
  items: [
    {
      sku: 'CH-1200-B',
      title: 'Chair "Alma", beech',
      price: 129.9,
      count: 12,
      tags: ['wood', 'dining room'],
      gift: false,
    },
    { sku: 'TB-0031', title: 'Table (round), 90 cm', price: 349, count: 1, note: null },
  ],
  address: { street: "14 St. Mary's Road", city: 'Zürich', zip: '8004', country: 'CH' },
});

/** Long enough for real work. */
const BUDGET_MS = 5_000;

/** A start is over by then, and whoever waited for it has an answer. */
const FIRST_MS = 250;
/** Between two exchanges others get their turn: the doors are perhaps open already. */
const PAUSE_MS = 5;
/** Hostile requests seldom come first: they wait until a start is over, and take a fifth of the time then. */
const HOSTILE_AFTER_MS = 2_000;
const PAUSE_TIMES = 4;
/** What takes most of the memory waits until the first large bodies are over, so that it does not come on top of what they take. */
const REST_AFTER_MS = 30_000;
/** Patterns that are read in one turn. */
const READ_AT_ONCE = 8;

/** What is still to be run. Not held by a timer: a plan that no configuration has any more is not worth the work. */
const left = new WeakMap<Plan, Phase[]>();

interface Phase {
  /** Stops behind each. */
  readonly exchanges: Generator;
  /** A pause is as many times as long as the exchange before it. */
  readonly pauseTimes: number;
  /** How long after its end the next one begins. */
  readonly nextAfterMs: number;
}

/** The same plan. The exchanges are run one after another while the event loop has time, and the plan is in use. */
export function warmUp(plan: Plan): Plan {
  const engine = engineOf(plan);
  left.set(plan, phasesOf(engine));
  setTimeout(runInTurns, FIRST_MS, new WeakRef(plan)).unref();
  return plan;
}

/** The same without pauses. */
export function warmUpAtOnce(plan: Plan): Plan {
  const engine = engineOf(plan);
  for (const { exchanges } of phasesOf(engine)) while (exchanges.next().done !== true);
  return plan;
}

function phasesOf(engine: Engine): Phase[] {
  return [
    { exchanges: ordinaryExchanges(engine), pauseTimes: 0, nextAfterMs: HOSTILE_AFTER_MS },
    { exchanges: hostileExchanges(engine, FIRST_SHAPES), pauseTimes: PAUSE_TIMES, nextAfterMs: REST_AFTER_MS },
    { exchanges: hostileExchanges(engine, LATER_SHAPES), pauseTimes: PAUSE_TIMES, nextAfterMs: 0 },
  ];
}

function runInTurns(warmed: WeakRef<Plan>): void {
  const plan = warmed.deref();
  const phases = plan === undefined ? undefined : left.get(plan);
  const [phase] = phases ?? [];
  if (phases === undefined || phase === undefined) return;
  const startedAt = performance.now();
  try {
    const isOver = phase.exchanges.next().done === true;
    if (isOver) phases.shift();
    const pauseMs = Math.max(PAUSE_MS, phase.pauseTimes * (performance.now() - startedAt));
    setTimeout(runInTurns, isOver ? phase.nextAfterMs : pauseMs, warmed).unref();
  } catch {
    // What these cannot do fails when it is used, with a message.
  }
}

function engineOf(plan: Plan): Engine {
  const body = { maxArguments: 1_000, maxDepth: 64 };
  return new Engine(plan, { mode: 'detectionOnly', budgetMs: BUDGET_MS, body });
}

/** Stops behind each exchange. */
function* ordinaryExchanges(engine: Engine): Generator<unknown, void> {
  for (const [i, target] of TARGETS.entries()) {
    const headers = HEADERS[i % HEADERS.length] as readonly string[];
    exchange(engine, 'GET', target, headers, '');
    yield;
    exchange(engine, 'POST', target, [...headers, 'content-type', 'application/x-www-form-urlencoded'], FORM);
    yield;
    exchange(engine, 'POST', target, [...headers, 'content-type', 'application/json'], JSON_BODY);
    yield;
  }
  // What the prepared file has spared the start: a request that needs it has no time to read patterns.
  for (const { patterns } of engine.plan.scans.families) {
    for (let i = 0; i < patterns.patterns.length; i += READ_AT_ONCE) {
      yield patterns.patterns.slice(i, i + READ_AT_ONCE).map(({ node }) => node);
    }
  }
}

/** The automata that take over from the large ones, and all that runs for long values and for rules that hit only. */
function* hostileExchanges(engine: Engine, shapes: typeof FIRST_SHAPES): Generator<undefined, void> {
  for (const form of hostileBodies(engine.plan.scans.patterns, shapes)) {
    const inspection = engine.begin();
    // States that only such texts need would fill the large automata.
    engine.plan.scans.holdMain();
    inspect(inspection, 'POST', '/', ['content-type', 'application/x-www-form-urlencoded'], form);
    yield;
  }
}

function exchange(engine: Engine, method: string, target: string, headers: readonly string[], body: string): void {
  inspect(engine.begin(), method, target, headers, body);
}

function inspect(
  inspection: Inspection,
  method: string,
  target: string,
  headers: readonly string[],
  body: string,
): void {
  inspection.requestHead({
    id: '0',
    clientAddress: '192.0.2.1',
    clientPort: 40_000,
    serverAddress: '192.0.2.2',
    serverPort: 443,
    serverName: 'app.example.com',
    method,
    target,
    protocol: 'HTTP/2.0',
    headers: body === '' ? headers : [...headers, 'content-length', String(body.length)],
  });
  inspection.requestBody(Buffer.from(body), false);
  inspection.responseHead({ status: 200, protocol: 'HTTP/1.1', headers: ['content-type', 'text/html'] });
  inspection.finish();
}
