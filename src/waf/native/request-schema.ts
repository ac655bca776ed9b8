// A request, and perhaps its answer, as tests beside rules write them down.
import { integer, type Kind, readBy, verbatim } from '../../config/schema/kind.ts';
import { list, map, type Node, table, value } from '../../config/schema/node.ts';

const anyText = verbatim('a text', 'a text');
const anyName = readBy('a name', 'a name', (name) => (name === '' ? { fault: 'is empty' } : { value: name }));
const target = readBy('a target', 'a path with or without a query', (written) =>
  written.startsWith('/') ? { value: written } : { fault: 'does not begin with /' },
);
const anything: Kind = {
  name: 'anything',
  write: 'any value',
  claims: () => true,
  fault: () => undefined,
  schema: {},
};

/** The keys that name the method and the target at once. */
export const METHOD_KEYS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const upload: Node = map(
  'An uploaded file.',
  {
    field: value('The name of the part.', anyText, { default: 'file' }),
    name: value("The file's name.", anyText),
    type: value('Its media type.', anyText, { default: 'application/octet-stream' }),
    content: value('What it holds.', anyText, { default: '' }),
  },
  { required: ['name'] },
);

export function requestNode(description: string): Node {
  return map(
    description,
    {
      ...Object.fromEntries(
        METHOD_KEYS.map((key) => [
          key,
          value(`${key.toUpperCase()}, and what is asked for; blanks are encoded.`, target),
        ]),
      ),
      method: value('Another method.', anyText),
      target: value('What is asked for, with another method.', target),
      headers: table('Header fields.', anyName, value('A value.', anyText)),
      query: table('Parameters, encoded into the query.', anyName, value('A value.', anyText)),
      cookies: table('Cookies.', anyName, value('A value.', anyText)),
      form: table('Fields of a form.', anyName, value('A value.', anyText)),
      json: value('A JSON body.', anything),
      xml: value('An XML body.', anyText),
      body: value('The body as it is.', anyText),
      base64: value('The body, in base64.', anyText),
      type: value('The media type of the body.', anyText),
      files: list('Files of a multipart form.', upload),
      response: map('The answer, for rules that look at it.', {
        status: value('The status.', integer(100, 599), { default: 200 }),
        headers: table('Header fields.', anyName, value('A value.', anyText)),
        body: value('The body.', anyText, { default: '' }),
      }),
    },
    { least: 1, named: 'request' },
  );
}
