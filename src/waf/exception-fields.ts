// Between the fields that operators name and the variables that rules look at, in both directions.
import type { FieldPath } from '../config/model/waf.ts';
import { lowerAscii } from './field.ts';
import type { Exclusion, Selector } from './rule.ts';
import { variableKind } from './variables.ts';

/** The variables behind each area; a named member is meant with its value and its name. */
const VARIABLES_OF: Readonly<Record<string, readonly string[]>> = {
  args: ['ARGS', 'ARGS_GET', 'ARGS_POST', 'INNER_ARGS'],
  names: ['ARGS_NAMES', 'ARGS_GET_NAMES', 'ARGS_POST_NAMES', 'REQUEST_COOKIES_NAMES', 'MULTIPART_NAME', 'INNER_NAMES'],
  json: ['ARGS', 'ARGS_POST', 'INNER_ARGS'],
  cookies: ['REQUEST_COOKIES', 'INNER_COOKIES'],
  headers: ['REQUEST_HEADERS', 'INNER_HEADERS'],
  'headers.names': ['REQUEST_HEADERS_NAMES'],
  path: ['REQUEST_FILENAME', 'REQUEST_BASENAME', 'PATH_INFO', 'PATH_SEGMENTS'],
  segments: ['PATH_SEGMENTS'],
  url: ['REQUEST_URI', 'REQUEST_URI_RAW', 'REQUEST_LINE'],
  query: ['QUERY_STRING'],
  method: ['REQUEST_METHOD'],
  protocol: ['REQUEST_PROTOCOL'],
  host: ['SERVER_NAME'],
  body: ['REQUEST_BODY', 'FULL_REQUEST', 'RAW_BODY', 'UNPARSED_BODY'],
  'body.rest': ['UNPARSED_BODY'],
  'body.size': ['REQUEST_BODY_LENGTH', 'FULL_REQUEST_LENGTH'],
  xml: ['XML', 'INNER_XML'],
  'xml.dtd': ['XML_DTD'],
  files: [
    'FILES',
    'FILES_NAMES',
    'FILES_SIZES',
    'FILES_TMP_CONTENT',
    'FILES_TEXT',
    'INNER_FILES',
    'MULTIPART_FILENAME',
  ],
  'files.name': ['FILES', 'MULTIPART_FILENAME'],
  'files.content': ['FILES_TMP_CONTENT'],
  'files.text': ['FILES_TEXT', 'INNER_FILES'],
  'files.size': ['FILES_SIZES'],
  'files.total': ['FILES_COMBINED_SIZE'],
  parts: ['MULTIPART_PART_HEADERS'],
  'client.ip': ['REMOTE_ADDR', 'REMOTE_HOST'],
  'response.headers': ['RESPONSE_HEADERS'],
  'response.body': ['RESPONSE_BODY'],
  'response.status': ['RESPONSE_STATUS', 'STATUS_LINE'],
};

/** All places where a client can put a text. */
const INPUTS = ['args', 'names', 'cookies', 'headers', 'path', 'url', 'query', 'body', 'xml', 'files', 'parts'];

/** Where the names of an area's members are inspected by themselves. */
const NAMES_OF: Readonly<Record<string, readonly string[]>> = {
  args: ['ARGS_NAMES', 'ARGS_GET_NAMES', 'ARGS_POST_NAMES', 'INNER_NAMES'],
  json: ['ARGS_NAMES', 'ARGS_POST_NAMES', 'INNER_NAMES'],
  cookies: ['REQUEST_COOKIES_NAMES'],
  headers: ['REQUEST_HEADERS_NAMES'],
  'response.headers': ['RESPONSE_HEADERS_NAMES'],
};

/** What rules no longer look at. undefined: there is no such variable. */
export function targetsOf({ area, name }: FieldPath): Exclusion[] | undefined {
  const named = area === 'inputs' ? INPUTS.flatMap((each) => VARIABLES_OF[each] ?? []) : (VARIABLES_OF[area] ?? [area]);
  const variables = named.filter((variable) => variableKind(variable) !== undefined);
  if (variables.length === 0) return undefined;
  if (name === undefined && area === 'json') return withSelector(variables, selectorOf('json*'));
  if (name === undefined) return variables.map((variable) => ({ variable }));
  const selector = selectorOf(area === 'json' ? jsonName(name) : name);
  const names = (NAMES_OF[area] ?? []).filter((variable) => variableKind(variable) !== undefined);
  return withSelector([...variables, ...names], selector);
}

/** A label of a finding, `ARGS:comment`, as an operator names it. */
export function fieldOf(label: string): FieldPath {
  const bare = label.startsWith('&') ? label.slice(1) : label;
  const mark = bare.indexOf(':');
  const variable = mark === -1 ? bare : bare.slice(0, mark);
  const name = mark === -1 ? undefined : literal(lowerAscii(bare.slice(mark + 1)));
  if (name === undefined || variable === 'XML' || variable === 'INNER_XML')
    return { area: SINGLE_AREA[variable] ?? variable, name: undefined };
  const isArgument = MEMBER_AREA[variable] === 'args';
  if (isArgument && /^json[.]/.test(name)) return { area: 'json', name: pointerOf(name) };
  const area = MEMBER_AREA[variable];
  return { area: area ?? variable, name: escaped(name) };
}

/** The first area that holds a variable names it. */
const SINGLE_AREA: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(VARIABLES_OF)
    .toReversed()
    .flatMap(([area, variables]) => variables.map((variable) => [variable, area])),
);
/** `ARGS` is shown as args and not as json, `FILES` as files.name: the first that fits best. */
const MEMBER_AREA: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(NAMES_OF).flatMap(([area, names]) => names.map((name) => [name, area]))),
  ARGS: 'args',
  ARGS_GET: 'args',
  ARGS_POST: 'args',
  ARGS_NAMES: 'args',
  ARGS_GET_NAMES: 'args',
  ARGS_POST_NAMES: 'args',
  REQUEST_COOKIES: 'cookies',
  REQUEST_HEADERS: 'headers',
  RESPONSE_HEADERS: 'response.headers',
  FILES: 'files.name',
  MULTIPART_FILENAME: 'files.name',
  FILES_TMP_CONTENT: 'files.content',
  FILES_TEXT: 'files.text',
  INNER_FILES: 'files.text',
  MULTIPART_PART_HEADERS: 'parts',
  INNER_ARGS: 'args',
  INNER_NAMES: 'args',
  INNER_COOKIES: 'cookies',
  INNER_HEADERS: 'headers',
  XML_DTD: 'xml.dtd',
};

function withSelector(variables: readonly string[], selector: Selector): Exclusion[] {
  return variables.map((variable) => ({ variable, selector }));
}

/** `/items/0/text`, or with `*` for any number or key, as the JSON processor names the value. */
export function jsonName(pointer: string): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return ['json', ...steps.map((key) => (/^[0-9]+$/.test(key) ? `array_${key}` : key))].join('.');
}

/** Elements of arrays stand for each other: what the third one holds the fourth may hold tomorrow. */
function pointerOf(name: string): string {
  const steps = name.split('.').slice(1);
  return steps
    .map((step) => `/${/^array_[0-9]+$/.test(step) ? '*' : escaped(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** A name, with `*` for any run of characters; `\*` is a star. */
export function selectorOf(name: string): Selector {
  // Everything inspected is a string of bytes, and names are compared in lower case.
  const bytes = lowerAscii(Buffer.from(name, 'utf8').toString('latin1'));
  if (!bytes.includes('*')) return { kind: 'name', name: bytes };
  const parts: readonly string[] = bytes.match(/\\\*|\*|[\s\S]/g) ?? [];
  if (!parts.includes('*')) return { kind: 'name', name: parts.map((part) => part.at(-1)).join('') };
  const pattern = parts.map((part) => (part === '*' ? '.*' : quoted(part.at(-1) as string))).join('');
  return { kind: 'pattern', pattern: `(?s)^${pattern}$` };
}

function quoted(char: string): string {
  return /[a-z0-9]/.test(char) ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** So that a star that a client sent is none that stands for anything. */
function escaped(name: string): string {
  return name.replaceAll('*', '\\*');
}

/** Bytes of UTF-8 as the characters that they are, so that the name can be written into a file. */
function literal(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
