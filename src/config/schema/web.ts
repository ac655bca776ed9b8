// Kinds of the web: addresses, names, URLs, header fields and what requests are matched by.

import { parseCidr, parseListenAddress } from '../syntax/address.ts';
import {
  headerNamePattern,
  headerValuePattern,
  parseChangeableName,
  parseHeaderName,
  parseHeaderValue,
} from '../syntax/header-field.ts';
import { parseAlias, parseHostName, parseSiteName } from '../syntax/host-name.ts';
import type { Parsed } from '../syntax/parsed.ts';
import {
  parseMethod,
  parsePathGlob,
  parsePathPrefix,
  pathGlobPattern,
  pathPrefixPattern,
} from '../syntax/request-match.ts';
import { looksLikeUrl, parseRedisUrl, parseServerUrl, parseWebUrl } from '../syntax/url.ts';
import type { Kind } from './kind.ts';
import { readBy, verbatim } from './kind.ts';

export const address: Kind = {
  name: 'an address',
  write: 'host:port, :port or a port, like 127.0.0.1:8443 or :8443',
  claims: (value) => typeof value === 'string' || typeof value === 'number',
  fault: (value) => {
    const parsed = parseListenAddress(String(value));
    return 'fault' in parsed ? parsed.fault : undefined;
  },
  schema: {
    anyOf: [
      { type: 'string', pattern: '^(?:.*:)?[0-9]{1,5}$' },
      { type: 'integer', minimum: 0, maximum: 65_535 },
    ],
  },
};

export const cidr: Kind = readBy('an address range', 'an address range like 10.0.0.0/8 or 192.0.2.7', parseCidr);

export const hostName: Kind = readBy('a host name', 'a host name like app.example.com', (text) => {
  const name = parseHostName(text);
  if ('value' in name && !/[a-z_-]/.test(name.value.replace(/^\[.*\]$/, ''))) {
    return { fault: 'is an IP address; write the host name in the certificate (RFC 6066, 3)' };
  }
  return name;
});
export const siteName: Kind = readBy('a host name', 'a host name, *.example.com or default', parseSiteName);
export const aliasName: Kind = readBy('a host name', 'a host name like www.example.com or *.example.com', parseAlias);

export const upstreamNamePattern: string = '^[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]*$';
export const upstreamName: Kind = readBy('a name', 'a name of letters, digits, -, _ and .', parseUpstreamName, {
  pattern: upstreamNamePattern,
});

export const serverUrl: Kind = readBy('a URL', 'a URL like http://10.0.0.5:3000', parseServerUrl, {
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
});
export const redisUrl: Kind = readBy('a URL', 'a URL like redis://127.0.0.1:6379', parseRedisUrl, {
  pattern: '^[Rr][Ee][Dd][Ii][Ss][Ss]?://',
});
export const webUrl: Kind = readBy('a URL', 'a URL like https://example.com/path', parseWebUrl, {
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
});

/** Where requests go: the name of an upstream, or a server's URL. Whether the name exists is known later. */
export const target: Kind = readBy(
  "an upstream's name or a URL",
  "an upstream's name, or a URL like http://127.0.0.1:3000",
  (text): Parsed<unknown> => {
    if (looksLikeUrl(text)) return parseServerUrl(text);
    return text === ''
      ? { fault: "is empty; write an upstream's name or a URL like http://127.0.0.1:3000" }
      : { value: text };
  },
);

export const headerName: Kind = readBy('a header name', 'a header name like x-frame-options', parseHeaderName, {
  pattern: headerNamePattern,
});
export const changeableName: Kind = readBy('a header name', 'a header name like x-frame-options', parseChangeableName, {
  pattern: headerNamePattern,
});
export const headerValue: Kind = verbatim('a text', 'the value as a text', parseHeaderValue, headerValuePattern);

export const pathGlob: Kind = readBy('a path', 'a path like /api/**', parsePathGlob, { pattern: pathGlobPattern });
export const pathPrefix: Kind = readBy('a path', 'a path prefix like /api', parsePathPrefix, {
  pattern: pathPrefixPattern,
});
export const method: Kind = readBy('an HTTP method', 'a method like GET or POST', parseMethod);

/** A property of a request that groups it with others: for hashing and for counting. */
export const requestKeyPattern: string = '^(?:client\\.ip|path|(?:header|cookie):[^\\s:]+)$';
const requestKeyForm = new RegExp(requestKeyPattern);
const writeRequestKey = 'client.ip, path, header:NAME or cookie:NAME';
export const requestKey: Kind = readBy(
  'a property of the request',
  writeRequestKey,
  (text) => (requestKeyForm.test(text) ? { value: text } : { fault: `is not ${writeRequestKey}` }),
  { pattern: requestKeyPattern },
);

function parseUpstreamName(text: string): Parsed<string> {
  if (new RegExp(upstreamNamePattern, 'u').test(text)) return { value: text };
  return { fault: 'is not a name of letters, digits, -, _ and . (beginning with a letter or digit)' };
}

export const mediaType: Kind = readBy('a media type', 'a media type like text/html or text/*', (written) =>
  /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(written) ? { value: written } : { fault: 'is not a media type' },
);
