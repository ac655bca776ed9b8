// The part of the file about the sites: their names, what happens to their requests, where these go.

import { presetNames } from '../presets.ts';
import { clientCertificates, siteCertificate } from './certificates.ts';
import { hsts } from './hsts.ts';
import { off, word } from './kind.ts';
import { limits } from './limits.ts';
import type { Node } from './node.ts';
import { list, map, table, value } from './node.ts';
import { access, cache, compress, match, routeCache } from './protection.ts';
import { waf } from './waf.ts';
import { aliasName, changeableName, headerValue, pathPrefix, siteName, target } from './web.ts';

function changes(what: string, removed: readonly string[], more: Readonly<Record<string, Node>> = {}): Node {
  return map(`Header fields of the ${what} that are set or removed.`, {
    ...more,
    set: table(
      'Fields and their values; each replaces what was there.',
      changeableName,
      value('The value.', headerValue),
      { default: {}, is: [off] },
    ),
    remove: list('Fields that are taken out; the list replaces the default.', value('A header name.', changeableName), {
      default: removed,
      is: [off],
    }),
  });
}

const preset = value(
  'Fields that tell browsers to be careful, where the upstream does not say them itself: basic, strict (no inline scripts, nothing from elsewhere, no frames) or false.',
  [word(...presetNames), off],
  { default: null },
);

function headers(removedFromResponses: readonly string[]): Node {
  return map('Header fields that are set or removed.', {
    request: changes('request', []),
    response: changes('response', removedFromResponses, { preset }),
  });
}

/** Parts that a route may say differently from its site. */
const protection = { waf, access, limits, compress };

const route: Node = map('Requests that go elsewhere or are treated differently.', {
  match,
  to: value("An upstream's name or a URL; by default the site's own to.", target, { default: null, examples: ['api'] }),
  stripPrefix: value('Removed from the start of the path before it is forwarded.', pathPrefix, {
    default: null,
    examples: ['/api'],
  }),
  headers: headers([]),
  ...protection,
  cache: routeCache,
});

const site: Node = map('A site.', {
  aliases: list('Further names of the site.', value('A host name or *.example.com.', aliasName), {
    default: [],
    is: [off],
    examples: [['www.example.com']],
  }),
  certificate: siteCertificate,
  clientCertificates,
  hsts,
  path: value(
    'How backends see the path: canonical, or original, as the client wrote it. Routes and rules see the canonical one.',
    word('canonical', 'original'),
    { default: 'canonical' },
  ),
  headers: headers(['server', 'x-powered-by']),
  ...protection,
  cache,
  routes: list("Tried in order, the first match wins; what matches none goes to the site's own to.", route, {
    default: [],
    is: [off],
  }),
  to: value("An upstream's name or a URL.", target, { default: null, examples: ['http://127.0.0.1:3000', 'app'] }),
});

export const sites: Node = table(
  'The sites by host name: app.example.com, "*.example.com", or default for every other name.',
  siteName,
  site,
  {
    least: 1,
  },
);
