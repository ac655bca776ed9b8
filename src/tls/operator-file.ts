// Reads a file that the operator names, with the failure in words.
import { readFile } from 'node:fs/promises';
import { certificateInvalid } from './chain.ts';

/** Throws GatehouseError `certificate_invalid` that says what to do. */
export async function readOperatorFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const advice: Record<string, string> = {
      ENOENT: 'there is no such file. Check the path in the configuration.',
      EACCES: 'permission denied. Let the user that runs Gatehouse read it.',
      EISDIR: 'it is a folder. Name the file in it.',
    };
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw certificateInvalid(`${path} cannot be read: ${advice[code] ?? message}`, error);
  }
}
