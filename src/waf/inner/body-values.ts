// The values of a body that no processor reads, whatever its type says: members of JSON, one text or a line each, fields of a
// form, texts of Protocol Buffers and gRPC. A backend may well read it as such.
import type { Named } from '../bodies/named.ts';
import { parseQuery } from '../bodies/query.ts';
import { grpcMessages } from './grpc-messages.ts';
import { addJson, innerValues, opensJson } from './inner-values.ts';
import { isText, protobufTexts } from './protobuf.ts';

const MOST_LINES = 1_000;
const MOST_FIELDS = 1_000;
const FORM = /^[\w.[\]%+-]{1,64}=[^\s<>]*$/;
const BASE64_TYPE = /^application\/grpc-web-text/i;

/** `isPrefix`: the body is longer. */
export function bodyValues(body: Buffer, contentType: string, isPrefix: boolean): readonly Named[] {
  if (BASE64_TYPE.test(contentType)) return binaryValues(Buffer.from(body.toString('latin1'), 'base64'), isPrefix);
  return isText(body) ? textValues(body) : binaryValues(body, isPrefix);
}

function textValues(body: Buffer): readonly Named[] {
  const text = body.toString('latin1');
  const found: Named[] = [];
  if (opensJson(text)) {
    // A line may be a text of its own (newline-delimited JSON), and then the first is read twice.
    addJson(body, 1, found);
    const lines = text.split('\n', MOST_LINES + 1).slice(1);
    for (const line of lines) if (opensJson(line)) addJson(Buffer.from(line, 'latin1'), 1, found);
  } else if (FORM.test(text)) {
    for (const { name, value } of parseQuery(text, { maxArguments: MOST_FIELDS }).args) {
      found.push({ name, value }, ...innerValues(value));
    }
  } else found.push(...innerValues(text));
  return found;
}

function binaryValues(body: Buffer, isPrefix: boolean): readonly Named[] {
  const messages = grpcMessages(body, isPrefix) ?? [body];
  const texts = messages.flatMap((message, i) => protobufTexts(message, isPrefix && i === messages.length - 1) ?? []);
  return texts.flatMap((text) => [text, ...innerValues(text.value)]);
}
