// Wherever a client puts a secret under a name that means one, neither a record of findings nor a recording shows it.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { temporaryFolder } from '../support/cli.ts';
import { request } from '../support/client.ts';
import { type GuardedWorld, startGuarded } from '../support/guarded.ts';

/** What rules can look at, each in a rule of its own: a record shows the last value that a rule matched. */
const LOOKED_AT = `
  ARGS ARGS_NAMES ARGS_GET ARGS_POST REQUEST_HEADERS REQUEST_COOKIES REQUEST_URI REQUEST_URI_RAW
  REQUEST_LINE QUERY_STRING REQUEST_BODY FULL_REQUEST XML:/* XML://@* INNER_ARGS INNER_HEADERS
  INNER_COOKIES INNER_NAMES INNER_XML MULTIPART_PART_HEADERS`
  .trim()
  .split(/\s+/);
const TOLD = "pass,log,capture,msg:'m %{TX.1} %{MATCHED_VAR_NAME}',logdata:'d %{TX.0} in %{MATCHED_VAR}'";
const RULES = LOOKED_AT.flatMap((target, at) => [
  `SecRule ${target} "@rx (?i)(s3cr3t.{0,20})" "id:${at}1,phase:2,${TOLD}"`,
  `SecRule ${target} "@rx (?is)s3cr3t(.+)" "id:${at}2,phase:2,t:urlDecodeUni,t:lowercase,${TOLD}"`,
  `SecRule ${target} "@rx (?s)(.+)" "id:${at}3,phase:2,${TOLD}"`,
]).join('\n');

type Sent = Parameters<typeof request>[2];

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const XML = { 'content-type': 'application/xml' };
const PARTS = { 'content-type': 'multipart/form-data; boundary=b' };
const coded = encodeURIComponent;
const post = (headers: Record<string, string>, body: string): Sent => ({ method: 'POST', headers, body });
const part = (name: string, value: string, more = ''): string =>
  `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n--b--\r\n`;
const entities = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/=/g, '&#x3d;');
const long = (name: string): string => `${'n'.repeat(150)}.${name}`;

/** The secret under a name, in one of the ways in which clients send it. */
const CARRIERS: Readonly<Record<string, (name: string, secret: string) => Sent>> = {
  query: (name, secret) => ({ path: `/?a=1&${name}=${coded(secret)}&b=2` }),
  'a query with coded names': (name, secret) => ({ path: `/?user%5B${name}%5D=${coded(secret)}` }),
  'a long name in a query': (name, secret) => ({ path: `/?${long(name)}=${coded(secret)}` }),
  form: (name, secret) => post(FORM, `a=1&${name}=${coded(secret)}&b=2`),
  'form, blanks as +': (name, secret) => post(FORM, String(new URLSearchParams({ a: '1', [name]: secret, b: '2' }))),
  'a long name in a form': (name, secret) => post(FORM, `a=1&${long(name)}=${coded(secret)}`),
  json: (name, secret) => post(JSON_TYPE, JSON.stringify({ a: [{ [name]: secret }], b: 2 })),
  'json, indented': (name, secret) => post(JSON_TYPE, JSON.stringify({ a: 1, u: { [name]: [secret] } }, null, 2)),
  'json within json': (name, secret) => post(JSON_TYPE, JSON.stringify({ q: JSON.stringify({ [name]: secret }) })),
  'json under the type of a form': (name, secret) => post(FORM, JSON.stringify({ a: 1, [name]: secret })),
  'a long name in json': (name, secret) => post(JSON_TYPE, JSON.stringify({ [long(name)]: secret })),
  'json in a parameter': (name, secret) => ({ path: `/?q=${coded(JSON.stringify({ a: 'x', [name]: secret }))}` }),
  'json in a parameter, as browsers code it': (name, secret) => ({
    path: `/?q={%22a%22:%22x%22,%22${name}%22:${coded(JSON.stringify(secret))}}`,
  }),
  'json in a form': (name, secret) => post(FORM, `q=${coded(JSON.stringify({ u: { [name]: secret } }))}`),
  'json in a parameter, coded twice': (name, secret) => ({
    path: `/?q=${coded(coded(JSON.stringify({ [name]: secret })))}`,
  }),
  'a query in a parameter': (name, secret) => ({ path: `/?next=${coded(`/cb?a=1&${name}=${coded(secret)}`)}` }),
  'a query in a parameter, coded twice': (name, secret) => ({
    path: `/?next=${coded(coded(`/cb?a=1&${name}=${coded(secret)}`))}`,
  }),
  'an element': (name, secret) => post(XML, `<a><u><${name}>${entities(secret)}</${name}></u><b>x</b></a>`),
  'an element with a prefix and attributes': (name, secret) =>
    post(XML, `<a xmlns:w="u"><w:${name} type="x>y">${entities(secret)}</w:${name}><b>x</b></a>`),
  'elements within an element': (name, secret) =>
    post(XML, `<a><${name}><old>${entities(secret)}</old><new>${entities(secret)}</new></${name}></a>`),
  'a section in an element': (name, secret) => post(XML, `<a><${name}><![CDATA[${secret}]]></${name}></a>`),
  'a long name of an element': (name, secret) => post(XML, `<a><${long(name)}>${entities(secret)}</${long(name)}></a>`),
  'an attribute': (name, secret) => post(XML, `<a><u b="1" ${name}="${entities(secret)}"/></a>`),
  multipart: (name, secret) => post(PARTS, part(name, secret)),
  'multipart, with a type': (name, secret) => post(PARTS, part(name, secret, '\r\nContent-Type: text/plain')),
  'multipart, with a file name': (name, secret) =>
    post(PARTS, part(name, secret, '; filename="a.txt"\r\nContent-Type: text/plain\r\nX-Note: 1')),
  'multipart, a text of lines': (name, secret) => post(PARTS, part(name, `first\r\n${secret}\r\nlast`)),
  'a header': (name, secret) => ({ headers: { [`x-${name}`]: secret, 'x-copy': `saw ${secret}` } }),
  'a query in a header': (name, secret) => ({ headers: { referer: `https://a.test/x?a=1&${name}=${coded(secret)}` } }),
  'a cookie': (name, secret) => ({ headers: { cookie: `a=1; ${name}=${coded(secret)}; b=2` } }),
  'the same value under another name': (name, secret) =>
    post(FORM, `${name}=${coded(secret)}&confirm=${coded(secret)}&q=${coded(`x ${secret} y`)}`),
};

const CHARS = `${'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789'.repeat(2)} !#$%&'()*+,-./:;<=>?@[]^_{|}~"\\`.split('');
const secrets = fc
  .string({ unit: fc.constantFrom(...CHARS), minLength: 10, maxLength: 40 })
  .map((text) => `s3cr3t${text.replaceAll(']]>', '')}z9`);
/** A form falls to pieces in it; decoded once more it is another; with every sign that ends something. */
const HARD = ['s3cr3t&aaaaaaaaaz9', 's3cr3taaaaaaa%aaz9', 's3cr3t<b>&c=d e;f\'g"h\\i%2541j, k}z9'].map(
  (secret): [string, string] => ['password', secret],
);
const names = fc.constantFrom('password', 'newPassword', 'api_key', 'auth-token', 'sid');

interface Recording {
  readonly world: GuardedWorld;
  /** The lines of the recording. */
  readonly recorded: () => Promise<unknown[]>;
}

async function startRecording(): Promise<Recording> {
  const backend = await startBackend((_, response) => response.end('fine'));
  const dir = path.join(await temporaryFolder(), 'traffic');
  const redact = 'redact: [authorization, cookie, set-cookie, sid, x-sid]';
  const logs = `logs: { level: silent, access: access.log, waf: waf.log, audit: [request-headers, request-body], ${redact} }`;
  const top = `${logs}\nrecord: { dir: ${dir}, sample: 100% }`;
  const world = await startGuarded({ rules: RULES, to: backend.url, top });
  const recorded = async (): Promise<unknown[]> => {
    const lines = await readFile(path.join(dir, 'passes.jsonl'), 'utf8');
    return lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
  return { world, recorded };
}

/** All texts in what was written down, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}

/** Pieces of a secret that give it away, as they are and as they are written in a URL. */
function piecesOf(secret: string): string[] {
  const pieces = [secret.slice(0, 12), secret.slice(4, 14), secret.slice(-10)];
  return [...new Set(pieces.flatMap((piece) => [piece, coded(piece)]).map((piece) => piece.toLowerCase()))];
}

test.for(Object.keys(CARRIERS))('no record shows a secret in %s', async (carrier) => {
  const { world, recorded } = await startRecording();
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(names, secrets, async (name, secret) => {
      const { status } = await request('h2', world, { path: '/', ...CARRIERS[carrier]?.(name, secret) });
      expect(status).toBe(200);
      sent++;
      const record = (await world.wafRecords(sent)).at(-1);
      const shown = [...textsOf(record), ...textsOf((await recorded()).at(-1))];
      expect(shown).toContain('localhost');
      for (const piece of piecesOf(secret))
        expect(shown.filter((text) => text.toLowerCase().includes(piece))).toEqual([]);
    }),
    { numRuns: 15, examples: HARD },
  );
});
