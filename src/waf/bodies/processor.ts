// Which processor reads a request body, and one shape for what any of them finds.
// It must never leave a body out in silence: what a processor cannot read is an error that rules can test.
import type { BodyProcessor } from '../rule.ts';
import { parseJson } from './json.ts';
import { parseMultipart, type UploadedFile } from './multipart.ts';
import type { MultipartFlags } from './multipart-flags.ts';
import type { Named } from './named.ts';
import { parseUrlencoded } from './urlencoded.ts';
import { parseXml } from './xml.ts';

export interface BodyLimits {
  /** Arguments, parts or attributes (SecArgumentsLimit). */
  readonly maxArguments: number;
  /** Levels of JSON and XML (SecRequestBodyJsonDepthLimit). */
  readonly maxDepth: number;
  readonly maxFiles?: number;
  readonly fileContentBytes?: number;
  /** SecArgumentSeparator. */
  readonly separator?: string;
  /** Only the beginning of the body is at hand (SecRequestBodyLimitAction ProcessPartial). */
  readonly truncated?: boolean;
}

/** What a body gives to the rules; what a processor does not know is empty. */
export interface BodyFacts {
  /** ARGS_POST. */
  readonly args: readonly Named[];
  /** URLENCODED_ERROR. */
  readonly invalidEncoding: boolean;
  /** There were more arguments, parts or attributes than allowed; the rest was not read. */
  readonly tooMany: boolean;
  /** FILES (name: field, value: file name), FILES_NAMES, FILES_SIZES and FILES_TMP_CONTENT. */
  readonly files: readonly UploadedFile[];
  readonly filesCombinedSize: number;
  /** MULTIPART_PART_HEADERS. */
  readonly partHeaders: readonly Named[];
  /** MULTIPART_NAME. */
  readonly partNames: readonly string[];
  /** MULTIPART_FILENAME. */
  readonly partFileNames: readonly string[];
  /** Present for a multipart body. */
  readonly multipart?: MultipartFlags;
  /** `XML:/*`. */
  readonly xmlText: readonly string[];
  /** The texts of an XML document one by one. */
  readonly xmlTexts: readonly string[];
  /** `XML://@*`. */
  readonly xmlAttributes: readonly string[];
  /** XML_DTD: what a document type declares. */
  readonly xmlDtd: readonly Named[];
  /** REQBODY_ERROR_MSG; when present, REQBODY_ERROR and REQBODY_PROCESSOR_ERROR are 1. */
  readonly error?: string;
}

/**
 * The processor for a Content-Type, as ModSecurity's recommended configuration chooses: undefined when the body is not
 * split. For forms the beginning decides, as there, so that `multipart/form-datax` is an error and not a way around.
 */
export function processorFor(contentType: string): BodyProcessor | undefined {
  const type = TYPE.exec(contentType)?.[0].toLowerCase() ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) return 'URLENCODED';
  if (type.startsWith('multipart/form-data')) return 'MULTIPART';
  if (type === 'application/json' || type.endsWith('+json')) return 'JSON';
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml')) return 'XML';
  return undefined;
}

/** From the first byte that a name can have to the last: what stands around it is dropped by one reader or another. */
const TYPE = /[!#$%&'*+.^_`|~0-9A-Za-z-][!#$%&'*+.^_`|~0-9A-Za-z/-]*/;

/** Reads a body with the named processor. The Content-Type counts for multipart only, where it holds the boundary. */
export function readBody(body: Buffer, contentType: string, processor: BodyProcessor, limits: BodyLimits): BodyFacts {
  switch (processor) {
    case 'URLENCODED':
      return readUrlencoded(body, limits);
    case 'MULTIPART':
      return readMultipart(body, contentType, limits);
    case 'JSON':
      return { ...NOTHING, ...parseJson(body, limits) };
    case 'XML': {
      const { text, texts, attributes, declared, ...rest } = parseXml(body, limits);
      return { ...NOTHING, ...rest, xmlText: text, xmlTexts: texts, xmlAttributes: attributes, xmlDtd: declared };
    }
  }
}

const NOTHING: BodyFacts = {
  args: [],
  invalidEncoding: false,
  tooMany: false,
  files: [],
  filesCombinedSize: 0,
  partHeaders: [],
  partNames: [],
  partFileNames: [],
  xmlText: [],
  xmlTexts: [],
  xmlAttributes: [],
  xmlDtd: [],
};

function readUrlencoded(body: Buffer, limits: BodyLimits): BodyFacts {
  const result = parseUrlencoded(body, limits);
  return {
    ...NOTHING,
    ...result,
    ...(result.tooMany && { error: `urlencoded: more than ${limits.maxArguments} arguments` }),
  };
}

function readMultipart(body: Buffer, contentType: string, limits: BodyLimits): BodyFacts {
  const { names, fileNames, flags, ...rest } = parseMultipart(body, contentType.trim(), limits);
  return { ...NOTHING, ...rest, partNames: names, partFileNames: fileNames, multipart: flags };
}
