// Which collections a value belongs to: a parameter of the query is in ARGS_GET and in ARGS.
import { VARIABLES, variableNumber } from './variables.ts';

const ALSO_IN: Readonly<Record<string, string>> = {
  ARGS_GET: 'ARGS',
  ARGS_POST: 'ARGS',
  ARGS_GET_NAMES: 'ARGS_NAMES',
  ARGS_POST_NAMES: 'ARGS_NAMES',
};

const INNER_OF: Readonly<Record<string, string>> = {
  ARGS_GET: 'INNER_ARGS',
  ARGS_POST: 'INNER_ARGS',
  REQUEST_COOKIES: 'INNER_COOKIES',
  REQUEST_HEADERS: 'INNER_HEADERS',
};

/** By variable number: the numbers of all variables that its members are read through. */
export const FEEDS: readonly (readonly number[])[] = VARIABLES.map((name, number) => {
  const other = ALSO_IN[name];
  return other === undefined ? [number] : [number, variableNumber(other)];
});

const BODIES = new Set([
  'ARGS_POST',
  'FILES_TEXT',
  'FILES_TMP_CONTENT',
  'RAW_BODY',
  'RESPONSE_BODY',
  'UNPARSED_BODY',
  'XML',
]);

/** By variable number: whether its values stand in a body, where texts of many lines are at home. */
export const IS_OF_BODY: readonly boolean[] = VARIABLES.map((name) => BODIES.has(name));

/** By variable number: where the values go that are found within its values; -1: nowhere. Filled only when a rule asks. */
export const INNER: readonly number[] = VARIABLES.map((name) => {
  const inner = INNER_OF[name];
  return inner === undefined ? -1 : variableNumber(inner);
});
