// removeNulls and replaceNulls.
import { removal } from './removal.ts';
import type { Transform } from './transform.ts';

/** Drops NUL bytes (ModSecurity reference manual, removeNulls). */
export const removeNulls: Transform = removal('removenulls', [0]);

/** A blank for each NUL byte (ModSecurity reference manual, replaceNulls). */
export const replaceNulls: Transform = {
  name: 'replacenulls',
  triggers: [0],
  adds: [0x20],
  apply: (value) => value.replaceAll('\0', ' '),
};
