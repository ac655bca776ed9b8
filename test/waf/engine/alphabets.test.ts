import { expect, test } from 'vitest';
import { lines } from './support.ts';

// Rule files are read as bytes; a pattern's letters are the bytes of the file.
const cafe = Buffer.from('café').toString('latin1');

test.for([
  [`SecRule ARGS "@rx ${cafe}" "id:1,phase:1"`, ['1 ARGS:v']],
  [`SecRule ARGS "@contains ${cafe}" "id:1,phase:1"`, ['1 ARGS:v']],
  [`SecRule ARGS "@rx ^caf[${cafe.slice(3)}]+$" "id:1,phase:1"`, ['1 ARGS:v']],
] as const)('letters beyond ASCII are found as they are written: %s', ([text, expected]) => {
  expect(lines(text, { target: '/?v=caf%c3%a9' })).toEqual(expected);
  expect(lines(text, { target: '/?v=caf%c3%83%c2%a9' })).toEqual([]);
});
