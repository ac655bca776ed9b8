import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMultipart } from '../../../src/waf/bodies/multipart.ts';
import { parseBoundary } from '../../../src/waf/bodies/multipart-boundary.ts';
import { MAX_HEADER_LINE_BYTES, MAX_HEADERS_PER_PART } from '../../../src/waf/bodies/multipart-headers.ts';
import { bytes, pairs, shapeOf } from './shape.ts';
import boundaryVectors from './vectors/boundary.json' with { type: 'json' };
import vectors from './vectors/multipart.json' with { type: 'json' };

const TYPE = 'multipart/form-data; boundary=bb';
const OPTIONS = { maxArguments: 100 };
const FIELD = 'Content-Disposition: form-data; name="a"';

interface Part {
  readonly name: string;
  readonly fileName?: string;
  readonly content: string;
}

const nameText = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'é', ' ', ';', '=', '"', '\\', "'", '[', ']') });
const content = fc
  .array(fc.constantFrom('a', '\r\n', '\n', '\r', '--', '-', 'bb', '\0', ' ', '\u00ff', ':', '"'))
  .map((pieces) => pieces.join(''));
const parts = fc.array(
  fc.record({ name: nameText, fileName: nameText, content }, { requiredKeys: ['name', 'content'] }),
  {
    minLength: 1,
  },
);
const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

function write(all: readonly Part[], boundary: string): string {
  const written = all.map(({ name, fileName, content: value }) => {
    const file = fileName === undefined ? '' : `; filename=${quote(fileName)}`;
    return `--${boundary}\r\nContent-Disposition: form-data; name=${quote(name)}${file}\r\n\r\n${value}\r\n`;
  });
  return `${written.join('')}--${boundary}--\r\n`;
}

describe('multipart', () => {
  test.for(vectors)('$name', ({ name, body, ...expected }) => {
    expect({ name, ...shapeOf(body, TYPE) }).toEqual({ name, ...expected });
  });

  test.for(boundaryVectors)('$contentType', ({ contentType, text, flags, error }) => {
    const boundary = parseBoundary(contentType);
    const set = Object.entries(boundary).flatMap(([name, value]) => (value === true ? [name] : []));
    expect([boundary.text, set, boundary.error]).toEqual([text, flags, error]);
  });

  test('what is written is read back', () => {
    const boundary = '----formBoundary7MA4';
    fc.assert(
      fc.property(parts, (all: Part[]) => {
        const result = parseMultipart(bytes(write(all, boundary)), `multipart/form-data; boundary=${boundary}`, {
          maxArguments: 1000,
          fileContentBytes: 1000,
        });
        expect(result.error).toBeUndefined();
        expect(result.flags.strictError).toBe(false);
        const files = all.filter((part) => part.fileName !== undefined);
        expect(pairs(result.args)).toEqual(
          all.flatMap((part) => (part.fileName === undefined ? [[part.name, part.content]] : [])),
        );
        expect(result.files).toEqual(
          files.map((file) => ({
            fieldName: file.name,
            fileName: file.fileName,
            size: file.content.length,
            content: file.content,
          })),
        );
        expect(result.filesCombinedSize).toBe(files.reduce((sum, file) => sum + file.content.length, 0));
        expect(result.partHeaders.length).toBe(all.length);
      }),
    );
  });

  test('a prefix of a sound body is no error when it is known to be one', () => {
    const body = bytes(
      write(
        [
          { name: 'a', content: 'x\r\n-' },
          { name: 'f', fileName: 'g', content: 'y' },
        ],
        'bb',
      ),
    );
    for (let end = 0; end <= body.length; end += 1) {
      const result = parseMultipart(body.subarray(0, end), TYPE, { ...OPTIONS, truncated: true });
      expect([end, result.error]).toEqual([end, undefined]);
    }
    expect(parseMultipart(body.subarray(0, -3), TYPE, OPTIONS).error).toBe('multipart: no final boundary');
  });

  test('strictError is set by an error or any flag, and not by a line that resembles a boundary', () => {
    for (const { name, body, flags, error } of vectors) {
      const { strictError } = parseMultipart(bytes(body), TYPE, OPTIONS).flags;
      expect([name, strictError]).toEqual([name, error !== undefined || flags.length > 0]);
    }
  });

  test('a body whose boundary is unknown is one argument without name', () => {
    const result = parseMultipart(bytes('--x\r\n'), 'multipart/form-data', OPTIONS);
    expect(pairs(result.args)).toEqual([['', '--x\r\n']]);
    expect(result.error).toBe('multipart: no boundary in the Content-Type');
  });

  test('parts, files, headers and header lines are bounded', () => {
    const many = Array.from({ length: 5 }, () => ({ name: 'a', fileName: 'b', content: 'c' }));
    const few = parseMultipart(bytes(write(many, 'bb')), TYPE, { maxArguments: 4 });
    expect([few.files.length, few.tooMany, few.error]).toEqual([4, true, 'multipart: more than 4 parts']);
    const fewFiles = parseMultipart(bytes(write(many, 'bb')), TYPE, { maxArguments: 9, maxFiles: 4 });
    expect(fewFiles.flags.fileLimitExceeded).toBe(true);
    const headers = Array.from({ length: MAX_HEADERS_PER_PART }, (_, i) => `X-${i}: 1\r\n`).join('');
    const full = parseMultipart(bytes(`--bb\r\n${FIELD}\r\n${headers}\r\nv\r\n--bb--`), TYPE, OPTIONS);
    expect(full.error).toBe('multipart: more headers than allowed');
    expect(full.args[0]?.value).toContain('v');
    const long = `--bb\r\n${FIELD}\r\nX: ${'x'.repeat(MAX_HEADER_LINE_BYTES)}\r\n\r\nv\r\n--bb--`;
    expect(parseMultipart(bytes(long), TYPE, OPTIONS).error).toBe('multipart: a header line that is too long');
  });

  test('content is cut at its bound, and the size is not', () => {
    const body = bytes(write([{ name: 'a', fileName: 'b', content: '12345' }], 'bb'));
    const { files } = parseMultipart(body, TYPE, { ...OPTIONS, fileContentBytes: 2 });
    expect(files).toEqual([{ fieldName: 'a', fileName: 'b', size: 5, content: '12' }]);
  });

  test.for(['-', '--', '\n--', '\r\n--', '--bb', '\n--bb', '--bb\n', '\n--bbx', '\n-- bb', '\n ', ':', '\n:', '\0'])(
    'a megabyte of %j is read to its end',
    (piece) => {
      const body = bytes(`--bb\r\n${FIELD}\r\n\r\n${piece.repeat(1_000_000 / piece.length)}\r\n--bb--\r\n`);
      const result = parseMultipart(body, TYPE, { maxArguments: 1000 });
      expect(result.args.length).toBeGreaterThan(0);
    },
  );

  test('any bytes are read, and none of the content is lost while there is a boundary', () => {
    const piece = fc.constantFrom(
      '--bb',
      '--bb--',
      '\r\n',
      '\n',
      FIELD,
      '; filename=x',
      ' ',
      ':',
      'v',
      '"',
      '\0',
      '--',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.boolean(), (pieces, truncated) => {
        const result = parseMultipart(bytes(pieces.join('')), TYPE, { ...OPTIONS, truncated });
        expect(result.args.length + result.files.length).toBeLessThanOrEqual(2 * pieces.length + 2);
      }),
      { numRuns: 2000 },
    );
  });
});
