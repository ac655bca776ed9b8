// Fills a transaction with a request body: split by the processor that its type or a rule chose, or as raw text.

import type { MultipartFlags } from './bodies/multipart-flags.ts';
import type { Named } from './bodies/named.ts';
import { readable } from './bodies/printable.ts';
import { type BodyFacts, type BodyLimits, readBody } from './bodies/processor.ts';
import { bodyValues } from './inner/body-values.ts';
import { innerValues, opensJson } from './inner/inner-values.ts';
import type { Transaction } from './transaction.ts';
import { variableNumber } from './variables.ts';

const V = {
  argsPost: variableNumber('ARGS_POST'),
  argsPostNames: variableNumber('ARGS_POST_NAMES'),
  combinedSize: variableNumber('ARGS_COMBINED_SIZE'),
  files: variableNumber('FILES'),
  filesCombinedSize: variableNumber('FILES_COMBINED_SIZE'),
  filesNames: variableNumber('FILES_NAMES'),
  filesSizes: variableNumber('FILES_SIZES'),
  filesContent: variableNumber('FILES_TMP_CONTENT'),
  filesText: variableNumber('FILES_TEXT'),
  fullRequest: variableNumber('FULL_REQUEST'),
  fullRequestLength: variableNumber('FULL_REQUEST_LENGTH'),
  headers: variableNumber('REQUEST_HEADERS'),
  innerArgs: variableNumber('INNER_ARGS'),
  innerFiles: variableNumber('INNER_FILES'),
  innerXml: variableNumber('INNER_XML'),
  inboundDataError: variableNumber('INBOUND_DATA_ERROR'),
  line: variableNumber('REQUEST_LINE'),
  multipartFilename: variableNumber('MULTIPART_FILENAME'),
  multipartName: variableNumber('MULTIPART_NAME'),
  partHeaders: variableNumber('MULTIPART_PART_HEADERS'),
  body: variableNumber('REQUEST_BODY'),
  rawBody: variableNumber('RAW_BODY'),
  bodyLength: variableNumber('REQUEST_BODY_LENGTH'),
  error: variableNumber('REQBODY_ERROR'),
  errorMsg: variableNumber('REQBODY_ERROR_MSG'),
  unparsed: variableNumber('UNPARSED_BODY'),
  processorError: variableNumber('REQBODY_PROCESSOR_ERROR'),
  processorErrorMsg: variableNumber('REQBODY_PROCESSOR_ERROR_MSG'),
  urlencodedError: variableNumber('URLENCODED_ERROR'),
  xml: variableNumber('XML'),
  xmlDtd: variableNumber('XML_DTD'),
} as const;

const MULTIPART: readonly (readonly [keyof MultipartFlags, readonly string[]])[] = [
  ['boundaryQuoted', ['MULTIPART_BOUNDARY_QUOTED']],
  ['boundaryWhitespace', ['MULTIPART_BOUNDARY_WHITESPACE']],
  ['dataBefore', ['MULTIPART_DATA_BEFORE']],
  ['dataAfter', ['MULTIPART_DATA_AFTER']],
  ['headerFolding', ['MULTIPART_HEADER_FOLDING']],
  ['lfLine', ['MULTIPART_LF_LINE']],
  ['crlfLfLines', ['MULTIPART_CRLF_LF_LINES']],
  ['missingSemicolon', ['MULTIPART_MISSING_SEMICOLON', 'MULTIPART_SEMICOLON_MISSING']],
  ['invalidQuoting', ['MULTIPART_INVALID_QUOTING']],
  ['invalidPart', ['MULTIPART_INVALID_PART']],
  ['invalidHeaderFolding', ['MULTIPART_INVALID_HEADER_FOLDING']],
  ['fileLimitExceeded', ['MULTIPART_FILE_LIMIT_EXCEEDED']],
  ['unmatchedBoundary', ['MULTIPART_UNMATCHED_BOUNDARY']],
  ['strictError', ['MULTIPART_STRICT_ERROR']],
];

/**
 * Everything that phase 2 can look at. `isPrefix`: the body was longer, and this is its beginning.
 * A body that no processor splits is seen as a whole when a rule asked for that, as CRS does. Stops after each argument,
 * so that a body of thousands can be taken in several turns.
 */
export function* addRequestBody(
  tx: Transaction,
  body: Buffer,
  isPrefix: boolean,
  limits: BodyLimits,
): Generator<undefined, void, undefined> {
  tx.setSingle(V.bodyLength, String(body.length));
  if (isPrefix) tx.setSingle(V.inboundDataError, '1');
  const processor = tx.bodyProcessor;
  if (body.length > 0 && processor !== undefined) {
    const isRead = tx.plan.reads.has(V.filesContent) || tx.plan.reads.has(V.filesText);
    const fileContentBytes = isRead ? { fileContentBytes: body.length } : {};
    yield* addFacts(
      tx,
      readBody(body, tx.contentType, processor, { ...limits, ...fileContentBytes, truncated: isPrefix }),
    );
  }
  if (body.length > 0 && tx.plan.reads.has(V.innerArgs) && (processor === undefined || isJsonAsForm(processor, body))) {
    for (const found of bodyValues(body, tx.contentType, isPrefix)) {
      tx.addInner(V.innerArgs, found.name, [found], true);
      yield;
    }
  }
  if (processor === 'URLENCODED' || tx.forceRequestBody) tx.setSingle(V.body, body.toString('latin1'));
  const isUnparsed = processor === undefined || isXmlAsForm(processor, body);
  if (isUnparsed && body.length > 0 && tx.plan.reads.has(V.unparsed)) {
    tx.setSingle(V.unparsed, readable(body.toString('latin1')));
  }
  if (body.length > 0 && tx.plan.reads.has(V.rawBody)) tx.setSingle(V.rawBody, body.toString('latin1'));
  if (tx.plan.reads.has(V.fullRequest)) tx.setSingle(V.fullRequest, fullRequest(tx, body));
  if (tx.plan.reads.has(V.fullRequestLength)) tx.setSingle(V.fullRequestLength, String(fullRequest(tx, body).length));
}

/** A backend may read JSON under the type of a form, as browsers send it without a preflight. */
function isJsonAsForm(processor: string, body: Buffer): boolean {
  return processor === 'URLENCODED' && opensJson(body.toString('latin1', 0, 64));
}

/** The same of XML: as a form it falls to pieces at every reference. */
function isXmlAsForm(processor: string, body: Buffer): boolean {
  return processor === 'URLENCODED' && /^\s*</.test(body.toString('latin1', 0, 64));
}

function* addFacts(tx: Transaction, facts: BodyFacts): Generator<undefined, void, undefined> {
  for (const { name, value } of facts.args) {
    tx.add(V.argsPost, name, value);
    tx.add(V.argsPostNames, name, name);
    tx.argumentBytes += name.length + value.length;
    yield;
  }
  tx.setSingle(V.combinedSize, String(tx.argumentBytes));
  if (facts.invalidEncoding) tx.setSingle(V.urlencodedError, '1');
  for (const text of facts.xmlText) tx.add(V.xml, '/*', text);
  if (tx.plan.reads.has(V.innerXml)) addXmlTexts(tx, facts.xmlTexts);
  for (const value of facts.xmlAttributes) {
    tx.add(V.xml, '//@*', value);
    yield;
  }
  for (const { name, value } of facts.xmlDtd) tx.add(V.xmlDtd, name, value);
  if (facts.multipart !== undefined) yield* addMultipart(tx, facts, facts.multipart);
  if (facts.error === undefined) return;
  for (const flag of [V.error, V.processorError]) tx.setSingle(flag, '1');
  for (const msg of [V.errorMsg, V.processorErrorMsg]) tx.setSingle(msg, facts.error);
}

/** Together they are one value, in which no text begins where it begins. */
function addXmlTexts(tx: Transaction, texts: readonly string[]): void {
  const inner = texts.flatMap((value) => {
    const within = innerValues(value);
    return texts.length > 1 ? [{ name: 'xml', value }, ...within] : within;
  });
  tx.addInner(V.innerXml, 'xml', inner, true);
}

function* addMultipart(
  tx: Transaction,
  facts: BodyFacts,
  flags: MultipartFlags,
): Generator<undefined, void, undefined> {
  for (const { fieldName, fileName, size, content } of facts.files) {
    tx.add(V.files, fieldName, fileName);
    tx.add(V.filesNames, fieldName, fieldName);
    tx.add(V.filesSizes, fieldName, String(size));
    yield;
    if (content === undefined) continue;
    tx.add(V.filesContent, fieldName, content);
    if (!tx.plan.reads.has(V.filesText)) continue;
    const text = readable(content);
    tx.add(V.filesText, fieldName, text);
    // Of what is no text there are no lines.
    if (text === content && tx.plan.reads.has(V.innerFiles))
      tx.addInner(V.innerFiles, fieldName, innerValues(text), true);
  }
  tx.setSingle(V.filesCombinedSize, String(facts.filesCombinedSize));
  const rest = [
    [V.partHeaders, facts.partHeaders],
    [V.multipartName, facts.partNames.map(asItself)],
    [V.multipartFilename, facts.partFileNames.map(asItself)],
  ] as const;
  for (const [variable, members] of rest) {
    for (const { name, value } of members) {
      tx.add(variable, name, value);
      yield;
    }
  }
  for (const [flag, names] of MULTIPART) {
    for (const name of names) tx.setSingle(variableNumber(name), String(Number(flags[flag])));
  }
}

function asItself(name: string): Named {
  return { name, value: name };
}

function fullRequest(tx: Transaction, body: Buffer): string {
  const headers = (tx.members[V.headers] ?? []).map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  return `${tx.members[V.line]?.[0]?.value ?? ''}\r\n${headers}\r\n${body.toString('latin1')}`;
}
