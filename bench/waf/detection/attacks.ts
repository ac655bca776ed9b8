// The collection of attacks: each class a grammar, expanded so often in so many places and encodings. A third of the shapes of each
// class is the exam: it is only ever counted, never listed.

import type { BenchRequest } from '../request.ts';
import { java, node, php, python, ruby, template } from './attacks/code.ts';
import { shell } from './attacks/commands.ts';
import { inclusion, sensitive, traversal } from './attacks/files.ts';
import { graphql, header, ldap, mail, nosql, objects, prototype, ssrf, xxe } from './attacks/others.ts';
import { probes, scanners, uploads } from './attacks/probes.ts';
import { script } from './attacks/script.ts';
import { sql } from './attacks/sql.ts';
import { ENCODINGS, type Encoding } from './encodings.ts';
import { expand, type Grammar } from './grammar.ts';
import { padded } from './padding.ts';
import { multipart, PLACEMENTS, type Placement } from './placements.ts';
import { Random } from './random.ts';
import { requestOf, type Sketch } from './request.ts';

export interface Attack {
  readonly group: string;
  readonly placement: string;
  readonly encoding: string;
  readonly text: string;
  readonly isExam: boolean;
  readonly request: BenchRequest;
}

interface AttackClass {
  readonly grammar: Grammar;
  readonly count: number;
  /** Absent: anywhere. */
  readonly places?: Readonly<Partial<Record<Placement, number>>>;
  /** The payload is more than a text in a place. */
  readonly sketch?: (text: string, random: Random) => Sketch;
}

const ANYWHERE: Readonly<Partial<Record<Placement, number>>> = {
  query: 22,
  form: 12,
  json: 10,
  nested: 4,
  header: 7,
  referer: 3,
  plainreferer: 2,
  agent: 4,
  cookie: 6,
  path: 3,
  segment: 3,
  part: 4,
  filename: 2,
  content: 2,
  xml: 4,
  soap: 2,
  raw: 4,
  variable: 3,
  name: 1,
  inner: 2,
  grpc: 2,
};
const VALUES: Readonly<Partial<Record<Placement, number>>> = {
  query: 30,
  form: 15,
  json: 15,
  nested: 5,
  cookie: 5,
  part: 5,
  xml: 5,
  variable: 4,
  raw: 4,
  inner: 3,
  header: 4,
  grpc: 3,
};
const ENCODED: Readonly<Partial<Record<Encoding, number>>> = {
  plain: 62,
  url: 10,
  base64: 9,
  base64url: 3,
  html: 4,
  marks: 2,
  script: 4,
  unit: 3,
  wide: 1,
  swapcase: 2,
};

export const CLASSES: Readonly<Record<string, AttackClass>> = {
  sql: { grammar: sql, count: 1300 },
  script: { grammar: script, count: 1300 },
  traversal: {
    grammar: traversal,
    count: 900,
    places: { query: 30, form: 10, json: 12, path: 25, cookie: 5, header: 5, filename: 6, segment: 4, xml: 3, part: 3 },
  },
  inclusion: { grammar: inclusion, count: 400, places: VALUES },
  sensitive: { grammar: sensitive, count: 200, sketch: (text) => ({ target: text }) },
  shell: { grammar: shell, count: 1300 },
  php: { grammar: php, count: 700 },
  node: { grammar: node, count: 400 },
  java: { grammar: java, count: 700 },
  template: { grammar: template, count: 750 },
  python: { grammar: python, count: 500 },
  ruby: { grammar: ruby, count: 160 },
  ssrf: { grammar: ssrf, count: 550, places: VALUES },
  xxe: { grammar: xxe, count: 200, sketch: xmlSketch },
  nosql: { grammar: nosql, count: 500, places: VALUES },
  ldap: { grammar: ldap, count: 450, places: VALUES },
  mail: { grammar: mail, count: 250, places: { query: 30, form: 30, json: 20, part: 10, xml: 5 } },
  header: { grammar: header, count: 250, places: { query: 40, form: 15, json: 10, path: 10, cookie: 5 } },
  objects: { grammar: objects, count: 450, places: { ...VALUES, cookie: 20 } },
  prototype: { grammar: prototype, count: 150, sketch: prototypeSketch },
  graphql: { grammar: graphql, count: 200, sketch: graphqlSketch },
  scanners: { grammar: scanners, count: 150, sketch: (text) => ({ headers: [['user-agent', text]] }) },
  probes: { grammar: probes, count: 150, sketch: probeSketch },
  uploads: { grammar: uploads, count: 300, sketch: uploadSketch },
};

const EXAM_SHARE = 3;

/** All attacks, or those of one class; the same in every run. `isPadded`: those that are texts, between lines of prose. */
export function attacks(only?: string, isPadded = false): Attack[] {
  return Object.entries(CLASSES)
    .filter(([name, { sketch }]) => (only === undefined || only === name) && !(isPadded && sketch !== undefined))
    .flatMap(([name, group]) => attacksOf(name, group, isPadded));
}

function attacksOf(name: string, group: AttackClass, isPadded: boolean): Attack[] {
  const starts = group.grammar.start ?? [];
  const random = new Random(name);
  return Array.from({ length: group.count }, (_, index) => {
    const shape = index % starts.length;
    const bare = expand(group.grammar, starts[shape] as string, random);
    const text = isPadded ? padded(bare, random) : bare;
    const isExam = new Random(`${name} ${shape}`).below(EXAM_SHARE) === 0;
    return { group: name, isExam, ...placed(text, group, random) };
  });
}

function placed(text: string, { sketch, places }: AttackClass, random: Random): Omit<Attack, 'group' | 'isExam'> {
  if (sketch !== undefined) {
    return { placement: 'whole', encoding: 'plain', text, request: requestOf(sketch(text, random), random) };
  }
  const placement = random.weighted(places ?? ANYWHERE);
  const encoding = random.weighted(ENCODED);
  const wrapped = ENCODINGS[encoding](text);
  return { placement, encoding, text, request: requestOf(PLACEMENTS[placement](wrapped, random), random) };
}

function xmlSketch(text: string, random: Random): Sketch {
  const place = random.weighted({ body: 14, query: 3, upload: 2, raw: 2, json: 1 });
  if (place === 'query') return PLACEMENTS.query(text, random);
  if (place === 'json') return PLACEMENTS.json(text, random);
  if (place === 'raw') return { target: '/', type: 'text/plain', body: text };
  if (place === 'upload')
    return multipart(
      `Content-Disposition: form-data; name="f"; filename="a.xml"\r\nContent-Type: text/xml\r\n\r\n${text}`,
    );
  return {
    target: '/api/xml',
    type: random.of(['application/xml', 'text/xml', 'application/soap+xml', 'image/svg+xml']),
    body: text,
  };
}

function prototypeSketch(text: string, random: Random): Sketch {
  const isJson = text.startsWith('{') || text.startsWith('[');
  if (!isJson) {
    const pair = text.replace(/[[\]]/g, (mark) => (random.chance(0.5) ? encodeURIComponent(mark) : mark));
    return random.chance(0.7)
      ? { target: `/?${pair}` }
      : { target: '/', type: 'application/x-www-form-urlencoded', body: pair };
  }
  return random.chance(0.8) ? { target: '/api', type: 'application/json', body: text } : PLACEMENTS.query(text, random);
}

function graphqlSketch(text: string, random: Random): Sketch {
  const place = random.weighted({ json: 7, query: 2, raw: 1 });
  if (place === 'query') return { target: `/graphql?query=${encodeURIComponent(text)}` };
  if (place === 'raw') return { target: '/graphql', type: 'application/graphql', body: text };
  return { target: '/graphql', type: 'application/json', body: JSON.stringify({ query: text }) };
}

function probeSketch(text: string): Sketch {
  const [line = '', ...rest] = text.split('\n');
  const space = line.indexOf(' ');
  const body = rest.join('\n');
  const type = body.startsWith('{')
    ? 'application/json'
    : body.startsWith('<')
      ? 'text/xml'
      : 'application/x-www-form-urlencoded';
  return { method: line.slice(0, space), target: line.slice(space + 1), ...(body === '' ? {} : { type, body }) };
}

function uploadSketch(text: string): Sketch {
  const [name = '', type = '', ...content] = text.split('\n');
  const head = `Content-Disposition: form-data; name="file"; filename="${name.replaceAll('"', '%22')}"\r\nContent-Type: ${type}\r\n\r\n`;
  return multipart(Buffer.concat([Buffer.from(head), Buffer.from(content.join('\n'), 'latin1')]));
}
