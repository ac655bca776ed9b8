// Names of the ModSecurity reference manual that Gatehouse knows and refuses, each with the reason that is shown.
// Data only; a name that is neither here nor understood is simply unknown.

type Reasons = Readonly<Record<string, string>>;

export const lua = 'Gatehouse runs no scripts (Lua)';
const geo = 'there is no geographic database';
const perf = 'time is not measured rule by rule inside of the rules';
const stream = 'bodies are inspected as REQUEST_BODY and RESPONSE_BODY; there is no second copy of the stream';
const script = 'Gatehouse runs no scripts of its own, so there is no script file to ask about';
const hash = 'Gatehouse does not rewrite pages to sign their links';
const program = 'Gatehouse starts no other program';
const network = 'a look-up in the network would stop every request while it waits; use the access lists';
const rewriting = 'the rules inspect; they do not change what is sent';

/** What to do with a rule that needs something refused. */
export const remedy = 'take the rule out, with SecRuleRemoveById';

/** By name in upper case. */
export const refusedVariables: Reasons = {
  GEO: geo,
  PERF_ALL: perf,
  PERF_COMBINED: perf,
  PERF_GC: perf,
  PERF_LOGGING: perf,
  PERF_PHASE1: perf,
  PERF_PHASE2: perf,
  PERF_PHASE3: perf,
  PERF_PHASE4: perf,
  PERF_PHASE5: perf,
  PERF_RULES: perf,
  PERF_SREAD: perf,
  PERF_SWRITE: perf,
  SCRIPT_BASENAME: script,
  SCRIPT_FILENAME: script,
  SCRIPT_GID: script,
  SCRIPT_GROUPNAME: script,
  SCRIPT_MODE: script,
  SCRIPT_UID: script,
  SCRIPT_USERNAME: script,
  SDBM_DELETE_ERROR: 'persistent collections are not kept in files of that format',
  STREAM_INPUT_BODY: stream,
  STREAM_OUTPUT_BODY: stream,
  USERAGENT_IP: 'REMOTE_ADDR is already the address of the client, behind trusted proxies too',
  WEBSERVER_ERROR_LOG: 'there is no error log of a web server to read',
};

/** By name in lower case. */
export const refusedOperators: Reasons = {
  fuzzyhash: 'fuzzy hashes are not computed',
  geolookup: geo,
  gsblookup: network,
  inspectfile: program,
  rbl: network,
  rsub: rewriting,
  validatedtd: 'XML is checked for being well-formed only, not against a DTD',
  validatehash: hash,
  validateschema: 'XML is checked for being well-formed only, not against a schema',
};

/** By name in lower case. */
export const refusedActions: Reasons = {
  append: rewriting,
  deprecatevar: 'variables do not count down with time; use expirevar',
  exec: program,
  pause: 'a request held back costs the gateway more than its client; use the limits of the site',
  prepend: rewriting,
  proxy: 'where a request goes is decided by the routes of the configuration',
};

/** By name in lower case. */
export const refusedControls: Reasons = {
  hashenforcement: hash,
  hashengine: hash,
  parsexmlintoargs: 'the elements of an XML body do not become arguments; rules read XML:/* and XML://@*',
  requestbodylimit: 'the bound of a body is set by the site in the configuration, before a rule could run',
  responsebodylimit: 'the bound of a body is set by the site in the configuration, before a rule could run',
};

/** By name in lower case; `off` marks those whose value Off asks for nothing and is accepted. */
export const refusedDirectives: Readonly<Record<string, { readonly reason: string; readonly off?: true }>> = {
  secchrootdir: { reason: 'Gatehouse does not change its root folder; let the service manager do it' },
  secconnengine: { reason: 'connections are bounded by the limits of the configuration', off: true },
  secconnreadstatelimit: { reason: 'connections are bounded by the limits of the configuration' },
  secconnwritestatelimit: { reason: 'connections are bounded by the limits of the configuration' },
  seccontentinjection: { reason: rewriting, off: true },
  seccookiev0separator: { reason: 'cookies are read in one way only: separated by semicolons' },
  secgeolookupdb: { reason: geo },
  secgeolookupdbfile: { reason: geo },
  secgsblookupdb: { reason: network },
  secguardianlog: { reason: program },
  sechashengine: { reason: hash, off: true },
  sechashkey: { reason: hash },
  sechashmethodpm: { reason: hash },
  sechashmethodrx: { reason: hash },
  sechashparam: { reason: hash },
  sechttpblkey: { reason: network },
  secparsexmlintoargs: {
    reason: 'the elements of an XML body do not become arguments; rules read XML:/* and XML://@*',
    off: true,
  },
  secreadstatelimit: { reason: 'connections are bounded by the limits of the configuration' },
  secremoterules: { reason: 'rules are read from files only; fetch them before the start' },
  secremoterulesfailaction: { reason: 'rules are read from files only; fetch them before the start' },
  secruleinheritance: { reason: 'there are no nested contexts; each site names its rule files' },
  secruleperftime: { reason: perf },
  secstreaminbodyinspection: { reason: stream, off: true },
  secstreamoutbodyinspection: { reason: stream, off: true },
  secuploadapprovalscript: { reason: program },
  secwritestatelimit: { reason: 'connections are bounded by the limits of the configuration' },
  secxmlexternalentity: { reason: 'external entities are never fetched', off: true },
};
