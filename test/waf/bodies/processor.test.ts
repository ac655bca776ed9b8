import { describe, expect, test } from 'vitest';
import { processorFor, readBody } from '../../../src/waf/bodies/processor.ts';
import { bytes, LIMITS, shapeOf } from './shape.ts';

describe('processor', () => {
  test.for([
    ['application/x-www-form-urlencoded', 'URLENCODED'],
    ['Application/X-WWW-Form-URLencoded; charset=utf-8', 'URLENCODED'],
    ['application/x-www-form-urlencodedx', 'URLENCODED'],
    ['multipart/form-data; boundary=b', 'MULTIPART'],
    ['multipart/form-datax', 'MULTIPART'],
    ['application/json', 'JSON'],
    ['application/json;charset=utf-8', 'JSON'],
    [' application/problem+json ; a=b', 'JSON'],
    ['application/vnd.api+JSON,x', 'JSON'],
    ['application/xml', 'XML'],
    ['text/xml', 'XML'],
    ['application/soap+xml; charset=utf-8', 'XML'],
    ['text/plain', undefined],
    ['application/jsonx', undefined],
    ['application/octet-stream; a=application/json', undefined],
    ['', undefined],
  ] as const)('%s is read by %s', ([contentType, processor]) => {
    expect(processorFor(contentType)).toBe(processor);
  });

  test('a body can be read by a processor that its type does not ask for', () => {
    expect(readBody(bytes('{"a":1}'), 'text/plain', 'JSON', LIMITS).args).toEqual([{ name: 'json.a', value: '1' }]);
    expect(readBody(bytes('a=1'), 'application/json', 'URLENCODED', LIMITS).args).toEqual([{ name: 'a', value: '1' }]);
  });

  test('too many arguments are an error of every processor', () => {
    const limits = { ...LIMITS, maxArguments: 1 };
    expect(shapeOf('a&b', 'application/x-www-form-urlencoded', limits).error).toBe('urlencoded: more than 1 arguments');
    expect(shapeOf('[1,2]', 'application/json', limits).error).toBe('JSON: more than 1 values at byte 4');
    expect(shapeOf('<a b="" c=""/>', 'text/xml', limits).error).toBe('XML: more than 1 attributes at byte 11');
  });

  test('what a processor does not know is empty', () => {
    expect(readBody(bytes('a=%'), '', 'URLENCODED', LIMITS)).toEqual({
      args: [{ name: 'a', value: '%' }],
      invalidEncoding: true,
      tooMany: false,
      files: [],
      filesCombinedSize: 0,
      partHeaders: [],
      partNames: [],
      partFileNames: [],
      xmlText: [],
      xmlTexts: [],
      xmlDtd: [],
      xmlAttributes: [],
    });
  });
});
