// Honest requests by kind. A kind is a list of texts, or of requests when there is more to them than a text in a place.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { BenchRequest } from '../../request.ts';
import { PLACEMENTS, type Placement } from '../placements.ts';
import { Random } from '../random.ts';
import { requestOf, type Sketch } from '../request.ts';
import { AGENTS, apiCalls, browsing, graphqlQueries } from './browsing.ts';
import { DOCUMENTS, MESSAGES, PROFILES, QUERIES, QUESTIONS, RECORDS, REVIEWS } from './chat.ts';
import { CITIES, FIRST, LAST, SAYINGS, STREETS } from './sayings.ts';
import {
  codeSpans,
  fewLines,
  manualText,
  messagesOf,
  paragraphs,
  skipped,
  snippet,
  someFiles,
  textOf,
} from './texts.ts';

export interface Honest {
  readonly kind: string;
  readonly placement: string;
  readonly text: string;
  readonly request: BenchRequest;
}

type Weights = Readonly<Partial<Record<Placement, number>>>;

const ANY_TEXT: Weights = { json: 10, form: 10, nested: 3, part: 4, raw: 3, query: 3, variable: 2, content: 2, xml: 1 };
const SHORT_TEXT: Weights = { query: 20, form: 10, json: 10, nested: 2, part: 2, cookie: 2, inner: 1 };
/** A longer text is not sent in a query. */
const MOST_QUERY = 1_500;

const CODE = [
  'node_modules/**/*.{js,mjs,cjs}',
  'node_modules/**/*.ts',
  'src/**/*.ts',
  '/usr/lib/python3*/**/*.py',
  '/usr/share/**/*.sh',
  '/usr/share/perl*/**/*.pm',
];

interface Kind {
  readonly weights: Weights;
  readonly texts: (random: Random) => readonly string[];
  /** Each text so often, in places of its own. */
  readonly times?: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  docs: {
    weights: ANY_TEXT,
    texts: (random) =>
      someFiles('node_modules/**/README.md', 200, random).flatMap((file) => paragraphs(textOf(file), 8, random)),
  },
  code: {
    weights: ANY_TEXT,
    texts: (random) =>
      CODE.flatMap((pattern) => someFiles(pattern, 180, random).map((file) => snippet(textOf(file), random))),
  },
  lines: {
    weights: ANY_TEXT,
    texts: (random) =>
      CODE.flatMap((pattern) => someFiles(pattern, 120, random).flatMap((file) => fewLines(textOf(file), 2, random))),
  },
  spans: {
    weights: ANY_TEXT,
    texts: (random) =>
      someFiles('node_modules/**/README.md', 200, random).flatMap((file) => codeSpans(textOf(file), 6, random)),
  },
  manuals: {
    weights: ANY_TEXT,
    texts: (random) =>
      ['/usr/share/man/man[1578]/*.gz', '/usr/share/man/{de,fr,es,it,ru,nl,pl}/man1/*.gz'].flatMap((pattern) =>
        someFiles(pattern, 150, random).flatMap((file) => paragraphs(manualText(textOf(file)), 4, random)),
      ),
  },
  notes: {
    weights: ANY_TEXT,
    texts: (random) =>
      ['/usr/share/doc/*/changelog*.gz', '/usr/share/doc/*/README*', '/usr/share/doc/*/copyright'].flatMap((pattern) =>
        someFiles(pattern, 120, random).flatMap((file) => paragraphs(textOf(file), 4, random)),
      ),
  },
  phrases: {
    weights: SHORT_TEXT,
    texts: (random) =>
      ['de', 'fr', 'es', 'it', 'ru', 'nl', 'pl', 'pt_BR', 'sv'].flatMap((language) =>
        someFiles(`/usr/share/locale/${language}/LC_MESSAGES/*.mo`, 8, random).flatMap((file) =>
          random.shuffled(messagesOf(file)).slice(0, 25),
        ),
      ),
  },
  sayings: { weights: SHORT_TEXT, texts: () => SAYINGS, times: 4 },
  commits: { weights: ANY_TEXT, texts: () => commits() },
  records: { weights: ANY_TEXT, texts: () => RECORDS, times: 5 },
  chat: { weights: ANY_TEXT, texts: () => [...MESSAGES, ...REVIEWS], times: 4 },
  questions: { weights: ANY_TEXT, texts: () => QUESTIONS, times: 5 },
  profiles: { weights: ANY_TEXT, texts: () => PROFILES, times: 8 },
  searches: { weights: { query: 30, form: 3, json: 5, cookie: 1, referer: 3 }, texts: () => QUERIES, times: 4 },
  richtext: {
    weights: { json: 10, form: 10, part: 4, nested: 3, raw: 2 },
    texts: (random) => [
      ...DOCUMENTS,
      ...someFiles('/usr/share/**/*.{svg,css}', 80, random).map((file) => snippet(textOf(file), random)),
    ],
    times: 2,
  },
  agents: { weights: { agent: 1 }, texts: () => AGENTS, times: 2 },
};

/** Requests that are made as a whole. */
const WHOLE: Readonly<Record<string, (random: Random) => Sketch[]>> = {
  manifests: (random) => manifests(random),
  people: (random) => Array.from({ length: 400 }, () => person(random)),
  graphql: (random) => graphqlQueries(random),
  browsing: (random) => browsing(random),
  api: (random) => apiCalls(random),
};

/** All honest requests, or those of one kind; the same in every run on one machine. */
export function honest(only?: string): Honest[] {
  const texts = Object.entries(KINDS)
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, kind]) => textsOf(name, kind));
  const whole = Object.entries(WHOLE)
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, make]) => {
      const random = new Random(name);
      return make(random).map(
        (sketch): Honest => ({
          kind: name,
          placement: 'whole',
          text: textOfSketch(sketch),
          request: requestOf(sketch, random),
        }),
      );
    });
  return [...texts, ...whole];
}

export function skippedSources(): readonly string[] {
  return [...new Set(skipped)];
}

function textsOf(name: string, { weights, texts, times = 1 }: Kind): Honest[] {
  const random = new Random(name);
  return texts(random).flatMap((text) =>
    Array.from({ length: times }, (): Honest => {
      let placement = random.weighted(weights);
      if (text.length > MOST_QUERY && (placement === 'query' || placement === 'inner' || placement === 'cookie'))
        placement = 'form';
      return { kind: name, placement, text, request: requestOf(PLACEMENTS[placement](text, random), random) };
    }),
  );
}

function textOfSketch({ method = '', target = '/', headers = [], body = '' }: Sketch): string {
  return `${method} ${target} ${headers.map((pair) => pair.join(': ')).join(' | ')} ${Buffer.from(body).toString('utf8')}`;
}

function commits(): string[] {
  if (!existsSync('.git')) return [];
  return execFileSync('git', ['log', '-400', '--format=%B%x00'], { encoding: 'utf8' })
    .split('\0')
    .map((text) => text.trim())
    .filter(({ length }) => length > 10);
}

/** JSON documents, as bodies of any method, in a field, or as an upload. */
function manifests(random: Random): Sketch[] {
  const files = [
    ...someFiles('node_modules/**/package.json', 250, random),
    ...someFiles('node_modules/**/tsconfig*.json', 30, random),
    ...someFiles('/usr/share/**/*.json', 120, random),
    ...someFiles('/usr/lib/**/*.json', 60, random),
  ];
  return files.flatMap((file) => {
    const text = textOf(file);
    if (text.length > 60_000 || !isJson(text)) return [];
    const place = random.weighted({ body: 8, put: 3, field: 3, form: 2, raw: 1 });
    if (place === 'field')
      return [
        {
          type: 'application/json',
          target: '/api/files',
          body: JSON.stringify({ path: 'package.json', content: text }),
        },
      ];
    if (place === 'form')
      return [{ type: 'application/x-www-form-urlencoded', target: '/save', body: `doc=${encodeURIComponent(text)}` }];
    if (place === 'raw') return [{ type: 'text/plain', target: '/paste', body: text }];
    return [
      {
        method: place === 'put' ? random.of(['PUT', 'PATCH']) : 'POST',
        type: 'application/json',
        target: '/api/documents/7',
        body: text,
      },
    ];
  });
}

/** With comments or a byte order mark it is none, and refusing it is right. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function person(random: Random): Sketch {
  const fields = {
    firstName: random.of(FIRST),
    lastName: random.of(LAST),
    street: random.of(STREETS),
    city: random.of(CITIES),
    zip: random.of(['12345', 'SW1A 1AA', '75008', '1012 AB', '00-950', 'D02 X285']),
    phone: random.of(['+49 (0)30 123-456', '555-0100 x12', '+1-202-555-0147', '06 12 34 56 78', '(02) 9876 5432']),
    email: random.of([
      "o'brien+shop@example.com",
      'a.b-c@sub.example.co.uk',
      '"odd name"@example.com',
      'müller@example.de',
    ]),
    company: random.of([
      'Smith & Sons, Ltd.',
      'AT&T',
      "Levi's",
      'Müller GmbH & Co. KG',
      'Yahoo!',
      'C&A',
      'Select * Interiors',
      '7-Eleven',
    ]),
    birthday: random.of(['1980-02-29', '01/02/1975', '31.12.1999']),
    note: random.of([
      '',
      "Please ring; don't knock.",
      'Leave w/ neighbour (#5) or behind shed',
      'gate code: 12*34#',
      'No -- not before 10:00!',
      "c/o O'Hara",
    ]),
  };
  if (random.chance(0.5))
    return {
      target: '/api/addresses',
      method: random.of(['POST', 'PUT', 'PATCH']),
      type: 'application/json',
      body: JSON.stringify({ address: fields }),
    };
  return {
    target: '/checkout',
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(fields).toString(),
  };
}
