// Directives about the engine end in settings; the last word counts, types of responses add up.

import { expect, test } from 'vitest';
import { printSecLang } from '../../../src/waf/seclang/print.ts';
import { parse } from './reading.ts';

const text = `SecRuleEngine DetectionOnly
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecRequestBodyJsonDepthLimit 512
SecArgumentsLimit 1000
SecResponseBodyAccess off
SecResponseBodyLimit 524288
SecResponseBodyLimitAction ProcessPartial
SecResponseBodyMimeType text/plain Text/HTML
SecResponseBodyMimeType text/xml
SecArgumentSeparator &
SecAuditEngine RelevantOnly
SecAuditLogParts abijdefhz
SecCollectionTimeout 600
SecWebAppId "my app"
SecComponentSignature "OWASP_CRS/4.0"
`;

const settings = {
  ruleEngine: 'on',
  requestBodyAccess: true,
  requestBodyLimitBytes: 13107200,
  requestBodyNoFilesLimitBytes: 131072,
  requestBodyLimitAction: 'reject',
  jsonDepthLimit: 512,
  argumentsLimit: 1000,
  responseBodyAccess: false,
  responseBodyLimitBytes: 524288,
  responseBodyLimitAction: 'processPartial',
  responseBodyMimeTypes: ['text/plain', 'text/html', 'text/xml'],
  argumentSeparator: '&',
  auditEngine: 'relevantOnly',
  auditLogParts: 'ABIJDEFHZ',
  collectionTimeoutS: 600,
  webAppId: 'my app',
};

test('engine directives become settings', () => {
  expect(parse(text)).toEqual({
    ruleSet: { items: [], settings, components: ['OWASP_CRS/4.0'] },
    removals: [],
    problems: [],
    notices: [],
  });
});

test('settings print back to what was read', () => {
  expect(parse(printSecLang(parse(text).ruleSet)).ruleSet).toEqual(parse(text).ruleSet);
});

test('a text that says nothing of the engine sets nothing', () => {
  expect(parse('SecAction id:1').ruleSet.settings).toEqual({});
});

test('SecResponseBodyMimeTypesClear forgets the types before it', () => {
  const types = 'SecResponseBodyMimeType a/b\nSecResponseBodyMimeTypesClear\nSecResponseBodyMimeType c/d';
  expect(parse(types).ruleSet.settings.responseBodyMimeTypes).toEqual(['c/d']);
});
