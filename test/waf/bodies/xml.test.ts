import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseXml } from '../../../src/waf/bodies/xml.ts';
import { bytes, shapeOf } from './shape.ts';
import vectors from './vectors/xml.json' with { type: 'json' };

const OPTIONS = { maxDepth: 50, maxArguments: 1000 };
const XML_PIECES: readonly string[] = [
  ...'< > / <a <!-- --> <![CDATA[ ]]> [ ] " \' = & &# &lt; ; <?xml ?> é %p; \u0000 \u00ff\u00fe \u00fe\u00ff'.split(
    ' ',
  ),
  '<!DOCTYPE a',
  ' b',
  ' encoding="UTF-16"',
];
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** A tree that the tests can write as XML and collect by themselves. */
interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly content: readonly (string | Element)[];
}

const xmlText = fc.string({ unit: fc.constantFrom('a', '<', '>', '&', '"', "'", ']', ' ', '\n', 'é', '😀') });
const element = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.record({
    name: fc.constantFrom('a', 'b:c', '_d', 'é'),
    attributes: fc.dictionary(fc.constantFrom('x', 'y', 'p:z', 'é'), xmlText),
    content: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, xmlText, tie('element'))),
  }),
})).element;

const encode = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&#62;').replaceAll('"', '&quot;');

function write({ name, attributes, content }: Element): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${encode(value).replaceAll('\n', '&#xA;')}"`,
  );
  return `<${name}${written.join('')}>${content
    .map((child) => (typeof child === 'string' ? encode(child) : write(child)))
    .join('<!-- - -->')}</${name}>`;
}

function collect({ attributes, content }: Element): { text: string; attributes: string[] } {
  const children = content.map((child) =>
    typeof child === 'string' ? { text: child, attributes: [] } : collect(child),
  );
  return {
    text: children.map(({ text }) => text).join(''),
    attributes: [...Object.values(attributes), ...children.flatMap((child) => child.attributes)],
  };
}

describe('xml', () => {
  test.for(vectors)('$body', ({ body, ...expected }) => {
    expect(shapeOf(body, 'text/xml')).toEqual(expected);
  });

  test('a document is read back, in UTF-8 and in UTF-16', () => {
    fc.assert(
      fc.property(element, fc.boolean(), (root, isWide) => {
        const text = write(root);
        const body = isWide ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text);
        const result = parseXml(body, OPTIONS);
        const expected = collect(root);
        expect(result.texts.join('')).toBe(utf8(expected.text));
        expect({ ...result, texts: [] }).toEqual({
          text: [utf8(expected.text)],
          texts: [],
          attributes: expected.attributes.map(utf8),
          declared: [],
          tooMany: false,
        });
      }),
    );
  });

  test('a prefix of a sound document is no error when it is known to be one', () => {
    const sound = bytes(
      '<?xml version="1.0"?><!DOCTYPE a [<!-- - -->]><a b="&amp;\u00c3\u00a9"><![CDATA[c]]>&#65;<?p q?></a>',
    );
    for (let end = 0; end <= sound.length; end += 1) {
      expect(parseXml(sound.subarray(0, end), { ...OPTIONS, truncated: true }).error).toBeUndefined();
    }
  });

  test('a declared entity is never expanded', () => {
    const levels = Array.from({ length: 20 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');
    const result = parseXml(bytes(`<!DOCTYPE a [<!ENTITY e0 "boom">${levels}]><a>&e20;</a>`), OPTIONS);
    expect(result.text).toEqual(['&e20;']);
    expect(result.error).toMatch(/an entity that is not built in/);
  });

  test('nesting ends at the bound', () => {
    expect(parseXml(bytes('<a>'.repeat(100_000)), OPTIONS).error).toMatch(/^XML: more than 50 levels at byte 150$/);
  });

  test('reading ends at the bound of attributes', () => {
    const result = parseXml(bytes('<a b="1">'.repeat(3)), { maxDepth: 9, maxArguments: 2 });
    expect([result.attributes, result.tooMany]).toEqual([['1', '1'], true]);
  });

  test('any bytes are read', () => {
    const piece = fc.constantFrom(...XML_PIECES);
    fc.assert(
      fc.property(fc.array(piece), fc.boolean(), (pieces, truncated) => {
        const result = parseXml(bytes(pieces.join('')), { ...OPTIONS, truncated });
        expect(result.text.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});
