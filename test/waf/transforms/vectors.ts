// Reads vectors in the shape of the ModSecurity project's secrules-language-tests.
import { readdirSync, readFileSync } from 'node:fs';

export interface Vector {
  readonly name: string;
  readonly input: string;
  /** What a transformation gives. */
  readonly output?: string;
  /** The argument of an operator. */
  readonly param?: string;
  /** Whether an operator matches. */
  readonly ret: 0 | 1;
}

/** All vectors of a folder by file, inputs and outputs as byte strings. */
export function readVectors(folder: URL): readonly (readonly [string, readonly Vector[]])[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const vectors = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector[];
      return [file.slice(0, -'.json'.length), vectors.map(inBytes)] as const;
    });
}

function inBytes(vector: Vector): Vector {
  const { output } = vector;
  return {
    ...vector,
    input: byteString(vector.input),
    ...(output === undefined ? {} : { output: byteString(output) }),
  };
}

/** The files mean UTF-8, and then `\xHH` and `\uHHHH` that JSON left over: the first one everywhere, then the next. */
function byteString(text: string): string {
  let bytes = Buffer.from(text, 'utf8').toString('latin1');
  for (const pattern of [/\\x([\da-z]{2})/i, /\\u([\da-z]{4})/i]) {
    for (let match = pattern.exec(bytes); match !== null; match = pattern.exec(bytes)) {
      const [written, digits = ''] = match;
      const code = Number.parseInt(digits, 16);
      bytes = bytes.replaceAll(written, String.fromCharCode(Number.isNaN(code) ? 0 : code & 255));
    }
  }
  return bytes;
}
