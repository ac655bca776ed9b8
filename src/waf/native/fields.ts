// What a native rule can look at, under the names that operators use, and the engine's variables behind them. The same
// names stand in exceptions.
import { jsonName, selectorOf } from '../exception-fields.ts';
import type { Selector, Target } from '../rule.ts';

/** A field without a member, or that has none. */
interface FieldKind {
  readonly description: string;
  readonly variables: readonly string[];
  /** `args.id`: the field has members by name. */
  readonly hasMembers?: true;
  /** It is there only when the answer is. */
  readonly isOfResponse?: true;
}

const ARGUMENT_NAMES = ['ARGS_NAMES', 'REQUEST_COOKIES_NAMES', 'MULTIPART_NAME', 'INNER_NAMES'];

/** By name. */
export const FIELDS: Readonly<Record<string, FieldKind>> = {
  args: {
    description: 'Parameters of the query and of the body: forms, every value of JSON, strings of gRPC.',
    variables: ['ARGS', 'INNER_ARGS'],
    hasMembers: true,
  },
  names: { description: 'Names of parameters, cookies and parts of a form.', variables: ARGUMENT_NAMES },
  cookies: { description: 'Cookies.', variables: ['REQUEST_COOKIES', 'INNER_COOKIES'], hasMembers: true },
  headers: {
    description: 'Header fields, but not Cookie.',
    variables: ['REQUEST_HEADERS', 'INNER_HEADERS'],
    hasMembers: true,
  },
  'headers.names': { description: 'Names of header fields.', variables: ['REQUEST_HEADERS_NAMES'] },
  path: { description: 'The path, decoded, as the backend gets it.', variables: ['REQUEST_FILENAME'] },
  segments: { description: 'The segments of the path, decoded, one by one.', variables: ['PATH_SEGMENTS'] },
  url: { description: 'Path and query as the client sent them.', variables: ['REQUEST_URI_RAW'] },
  query: { description: 'The query as the client sent it.', variables: ['QUERY_STRING'] },
  method: { description: 'The method.', variables: ['REQUEST_METHOD'] },
  host: { description: 'The host that is asked for.', variables: ['SERVER_NAME'] },
  protocol: { description: 'HTTP/1.1 or HTTP/2.0.', variables: ['REQUEST_PROTOCOL'] },
  body: {
    description: 'The body as it came, whatever its type: unpacked, and as much of it as is inspected.',
    variables: ['RAW_BODY'],
  },
  'body.rest': {
    description: 'The body where nothing takes it apart; of one that is no text what can be read in it.',
    variables: ['UNPARSED_BODY'],
  },
  'body.size': { description: 'The length of the body in bytes.', variables: ['REQUEST_BODY_LENGTH'] },
  json: {
    description: 'A value of a JSON body, by its pointer: json./user/name.',
    variables: ['ARGS_POST'],
    hasMembers: true,
  },
  xml: {
    description: 'Texts and attribute values of an XML body, literals of its DTD.',
    variables: ['XML', 'INNER_XML'],
  },
  'xml.dtd': {
    description: 'What a DTD declares: external, entity, parameter.',
    variables: ['XML_DTD'],
    hasMembers: true,
  },
  'files.name': { description: 'Names of uploaded files.', variables: ['FILES', 'MULTIPART_FILENAME'] },
  'files.content': { description: 'What uploaded files hold.', variables: ['FILES_TMP_CONTENT'] },
  'files.text': {
    description: 'What can be read in uploaded files: all of a text, the printable parts of anything else.',
    variables: ['FILES_TEXT', 'INNER_FILES'],
  },
  'files.size': { description: 'The size of each uploaded file in bytes.', variables: ['FILES_SIZES'] },
  'files.total': { description: 'The size of all uploaded files in bytes.', variables: ['FILES_COMBINED_SIZE'] },
  parts: { description: 'Header lines of the parts of a form.', variables: ['MULTIPART_PART_HEADERS'] },
  'client.ip': { description: "The client's address.", variables: ['REMOTE_ADDR'] },
  inputs: {
    description:
      'All places where a client can put a text: args, names, cookies, headers, path, segments, body.rest, xml, files and parts.',
    variables: [
      'ARGS',
      'INNER_ARGS',
      ...ARGUMENT_NAMES,
      'REQUEST_COOKIES',
      'INNER_COOKIES',
      'REQUEST_HEADERS',
      'INNER_HEADERS',
      'REQUEST_FILENAME',
      'PATH_SEGMENTS',
      'UNPARSED_BODY',
      'XML',
      'INNER_XML',
      'FILES',
      'MULTIPART_FILENAME',
      'MULTIPART_PART_HEADERS',
      'FILES_TEXT',
      'INNER_FILES',
    ],
  },
  'response.status': { description: 'The status of the answer.', variables: ['RESPONSE_STATUS'], isOfResponse: true },
  'response.headers': {
    description: 'Header fields of the answer.',
    variables: ['RESPONSE_HEADERS'],
    hasMembers: true,
    isOfResponse: true,
  },
  'response.body': { description: 'The body of the answer.', variables: ['RESPONSE_BODY'], isOfResponse: true },
};

export interface ReadField {
  readonly targets: readonly Target[];
  readonly isOfResponse: boolean;
}

// A `*` in a name is any run of characters: `args.x*`, `json./items/*/name`.
/** `args.id`, `json./user/name`, `#args` (how many): what it stands for, or what is wrong with it. */
export function readField(written: string): ReadField | { readonly fault: string } {
  const count = written.startsWith('#');
  const name = count ? written.slice(1) : written;
  const whole = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (name === 'json') return { fault: 'takes a pointer, like json./user/name' };
  if (whole !== undefined) return fieldOf(whole, undefined, count);
  const known = Object.keys(FIELDS).find((field) => name.startsWith(`${field}.`) && FIELDS[field]?.hasMembers === true);
  if (known === undefined) return { fault: 'is no field' };
  const member = name.slice(known.length + 1);
  if (member === '') return { fault: 'lacks the name behind the dot' };
  if (known === 'json' && !member.startsWith('/')) return { fault: `lacks the slash: write json./${member}` };
  return fieldOf(FIELDS[known] as FieldKind, selectorOf(known === 'json' ? jsonName(member) : member), count);
}

function fieldOf({ variables, isOfResponse }: FieldKind, selector: Selector | undefined, count: boolean): ReadField {
  const selected = selector === undefined ? {} : { selector };
  return {
    targets: variables.map((variable) => ({ variable, ...selected, count })),
    isOfResponse: isOfResponse === true,
  };
}
