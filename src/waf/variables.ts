// Every variable that a rule can look at, and what kind of thing it is. A name that is not here is an error at load.

/**
 * single: one value. map: named members in the request's or response's order. tx, persistent: written by rules.
 * xml: addressed by an XPath, of which only the two that CRS uses exist.
 */
export type VariableKind = 'single' | 'map' | 'tx' | 'persistent' | 'xml';

const KINDS: Readonly<Record<VariableKind, readonly string[]>> = {
  single: [
    'ARGS_COMBINED_SIZE',
    'AUTH_TYPE',
    'DURATION',
    'FILES_COMBINED_SIZE',
    'FULL_REQUEST',
    'FULL_REQUEST_LENGTH',
    'HIGHEST_SEVERITY',
    'INBOUND_DATA_ERROR',
    'MATCHED_VAR',
    'MATCHED_VAR_NAME',
    'MODSEC_BUILD',
    'MSC_PCRE_ERROR',
    'MSC_PCRE_LIMITS_EXCEEDED',
    'MULTIPART_BOUNDARY_QUOTED',
    'MULTIPART_BOUNDARY_WHITESPACE',
    'MULTIPART_CRLF_LF_LINES',
    'MULTIPART_DATA_AFTER',
    'MULTIPART_DATA_BEFORE',
    'MULTIPART_FILE_LIMIT_EXCEEDED',
    'MULTIPART_HEADER_FOLDING',
    'MULTIPART_INVALID_HEADER_FOLDING',
    'MULTIPART_INVALID_PART',
    'MULTIPART_INVALID_QUOTING',
    'MULTIPART_LF_LINE',
    'MULTIPART_MISSING_SEMICOLON',
    'MULTIPART_SEMICOLON_MISSING',
    'MULTIPART_STRICT_ERROR',
    'MULTIPART_UNMATCHED_BOUNDARY',
    'OUTBOUND_DATA_ERROR',
    'PATH_INFO',
    'QUERY_STRING',
    'RAW_BODY',
    'REMOTE_ADDR',
    'REMOTE_HOST',
    'REMOTE_PORT',
    'REMOTE_USER',
    'REQBODY_ERROR',
    'REQBODY_ERROR_MSG',
    'REQBODY_PROCESSOR',
    'REQBODY_PROCESSOR_ERROR',
    'REQBODY_PROCESSOR_ERROR_MSG',
    'REQUEST_BASENAME',
    'REQUEST_BODY',
    'REQUEST_BODY_LENGTH',
    'REQUEST_FILENAME',
    'REQUEST_LINE',
    'REQUEST_METHOD',
    'REQUEST_PROTOCOL',
    'REQUEST_URI',
    'REQUEST_URI_RAW',
    'RESPONSE_BODY',
    'RESPONSE_CONTENT_LENGTH',
    'RESPONSE_CONTENT_TYPE',
    'RESPONSE_PROTOCOL',
    'RESPONSE_STATUS',
    'SERVER_ADDR',
    'SERVER_NAME',
    'SERVER_PORT',
    'SESSIONID',
    'STATUS_LINE',
    'TIME',
    'TIME_DAY',
    'TIME_EPOCH',
    'TIME_HOUR',
    'TIME_MIN',
    'TIME_MON',
    'TIME_SEC',
    'TIME_WDAY',
    'TIME_YEAR',
    'UNIQUE_ID',
    'UNPARSED_BODY',
    'URLENCODED_ERROR',
    'USERID',
    'WEBAPPID',
  ],
  map: [
    'ARGS',
    'ARGS_GET',
    'ARGS_GET_NAMES',
    'ARGS_NAMES',
    'ARGS_POST',
    'ARGS_POST_NAMES',
    'ENV',
    'FILES',
    'FILES_NAMES',
    'FILES_SIZES',
    'FILES_TEXT',
    'FILES_TMPNAMES',
    'FILES_TMP_CONTENT',
    'INNER_ARGS',
    'INNER_COOKIES',
    'INNER_FILES',
    'INNER_HEADERS',
    'INNER_NAMES',
    'INNER_XML',
    'MATCHED_VARS',
    'MATCHED_VARS_NAMES',
    'MULTIPART_FILENAME',
    'MULTIPART_NAME',
    'MULTIPART_PART_HEADERS',
    'PATH_SEGMENTS',
    'REQUEST_COOKIES',
    'REQUEST_COOKIES_NAMES',
    'REQUEST_HEADERS',
    'REQUEST_HEADERS_NAMES',
    'RESPONSE_HEADERS',
    'RESPONSE_HEADERS_NAMES',
    'RULE',
    'XML_DTD',
  ],
  tx: ['TX'],
  persistent: ['GLOBAL', 'IP', 'RESOURCE', 'SESSION', 'USER'],
  xml: ['XML'],
};

/** Every variable by its number, which is its place in a transaction's table. */
export const VARIABLES: readonly string[] = Object.values(KINDS).flat();

const KIND_OF: ReadonlyMap<string, VariableKind> = new Map(
  Object.entries(KINDS).flatMap(([kind, names]) => names.map((name) => [name, kind as VariableKind])),
);
const NUMBER_OF: ReadonlyMap<string, number> = new Map(VARIABLES.map((name, number) => [name, number]));

/** The kind of a variable by its name in upper case; undefined: there is none. */
export function variableKind(name: string): VariableKind | undefined {
  return KIND_OF.get(name);
}

/** The place of a variable in a transaction's table. Throws for a name that the front end must have refused. */
export function variableNumber(name: string): number {
  const number = NUMBER_OF.get(name);
  if (number === undefined) throw new Error(`there is no variable ${name}`);
  return number;
}

/** All names, for a suggestion when one is unknown. */
export function variableNames(): readonly string[] {
  return VARIABLES;
}
