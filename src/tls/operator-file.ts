// Reads a file that the operator names, with the failure in words.
import { createReadStream } from 'node:fs';
import { certificateInvalid } from './chain.ts';

/** More than the longest lists of revoked certificates. What is longer was named by mistake, and may never end. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Throws GatehouseError `certificate_invalid` that says what to do. */
export async function readOperatorFile(path: string): Promise<Buffer> {
  let content: Buffer;
  try {
    // `end` counts the byte at its place too.
    content = Buffer.concat(await Array.fromAsync(createReadStream(path, { end: MAX_BYTES }) as AsyncIterable<Buffer>));
  } catch (error) {
    const advice: Record<string, string> = {
      ENOENT: 'there is no such file. Check the path in the configuration.',
      EACCES: 'permission denied. Let the user that runs Gatehouse read it.',
      EISDIR: 'it is a folder. Name the file in it.',
    };
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw certificateInvalid(`${path} cannot be read: ${advice[code] ?? message}`, error);
  }
  if (content.length <= MAX_BYTES) return content;
  throw certificateInvalid(`${path} is longer than ${MAX_BYTES} bytes. Check the path in the configuration.`);
}
