// Tests in go-ftw's YAML (ftw-tests-schema, 2.x), read from a folder. A key that this runner does not know is an
// error: a test that is only half understood would pass for the wrong reason.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { expand } from './template.ts';

export interface TestCase {
  /** `RULE-TEST`, as go-ftw prints it. */
  readonly id: string;
  readonly ruleId: number;
  readonly testId: number;
  readonly file: string;
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly input: Input;
  readonly output: Expectation;
}

export interface Input {
  readonly method: string;
  readonly uri: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly data: Buffer;
  /** Whether Content-Type, Connection and Content-Length are added where they are missing. */
  readonly autocomplete: boolean;
  /** The whole request as it goes on the wire; everything above is then left aside. */
  readonly raw: Buffer | undefined;
  /** The address comes from the Location of the stage before. */
  readonly followRedirect: boolean;
}

export interface Expectation {
  /** One of these; empty: any. */
  readonly status: readonly number[];
  readonly responseContains: string | undefined;
  readonly ids: readonly number[];
  readonly noIds: readonly number[];
  readonly match: RegExp | undefined;
  readonly noMatch: RegExp | undefined;
  /** True: the connection is expected to end without an answer. */
  readonly error: boolean;
  /** Exactly one rule is logged. */
  readonly isolated: boolean;
}

/** All tests below a folder, by file name and position. Throws with file and test where one is not understood. */
export function readSuite(folder: string): TestCase[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name));
  return files.sort().flatMap((name) => readTests(readFileSync(path.join(folder, name), 'utf8'), name));
}

/** The tests of one file. */
export function readTests(text: string, file: string): TestCase[] {
  // Every scalar stays the text that it is: `Content-Length: 7` and `version: 1.1` are not numbers here.
  const document = map(parse(text, { schema: 'failsafe' }), file);
  const ruleId = integer(document.rule_id, file);
  return list(document.tests, file).map((value, index) => {
    const place = `${file}, test ${index + 1}`;
    const test = map(value, place);
    known(test, ['test_id', 'test_title', 'desc', 'description', 'tags', 'stages'], place);
    const testId = test.test_id === undefined ? index + 1 : integer(test.test_id, place);
    const stages = list(test.stages, place).map((stage) => readStage(map(stage, place), place));
    return { id: `${ruleId}-${testId}`, ruleId, testId, file, stages };
  });
}

/** An `output` of a test, or of an override that stands for it. */
export function readExpectation(output: Fields, place: string): Expectation {
  known(output, OUTPUT, place);
  const log = map(output.log ?? {}, place);
  known(log, ['expect_ids', 'no_expect_ids', 'match_regex', 'no_match_regex'], place);
  return {
    status: integers(output.status, place),
    responseContains: text(output.response_contains),
    ids: integers(log.expect_ids, place),
    noIds: integers(log.no_expect_ids, place),
    match: pattern(log.match_regex ?? output.log_contains),
    noMatch: pattern(log.no_match_regex ?? output.no_log_contains),
    error: output.expect_error === 'true',
    isolated: output.isolated === 'true',
  };
}

const OUTPUT = [
  'status',
  'response_contains',
  'log_contains',
  'no_log_contains',
  'log',
  'expect_error',
  // Works around log lines that come late; here all lines are there before anything is judged.
  'retry_once',
  'isolated',
];

const INPUT = [
  // Where to send is the runner's own affair.
  'dest_addr',
  'port',
  'protocol',
  'virtual_host_mode',
  'method',
  'uri',
  'version',
  'headers',
  'ordered_headers',
  'data',
  'encoded_data',
  'encoded_request',
  'autocomplete_headers',
  'stop_magic',
  'follow_redirect',
  // go-ftw reads it and keeps no cookies either.
  'save_cookie',
];

export type Fields = Readonly<Record<string, unknown>>;

function readStage(stage: Fields, place: string): Stage {
  known(stage, ['input', 'output', 'description'], place);
  const input = map(stage.input, place);
  known(input, INPUT, place);
  const raw = text(input.encoded_request);
  return {
    input: {
      method: text(input.method) ?? 'GET',
      uri: text(input.uri) ?? '/',
      version: text(input.version) ?? 'HTTP/1.1',
      headers: readHeaders(input, place),
      data: readData(input),
      autocomplete: input.autocomplete_headers !== 'false' && input.stop_magic !== 'true',
      raw: raw === undefined || raw === '' ? undefined : Buffer.from(raw, 'base64'),
      followRedirect: input.follow_redirect === 'true',
    },
    output: readExpectation(map(stage.output ?? {}, place), place),
  };
}

function readData({ data, encoded_data: encoded }: Fields): Buffer {
  return typeof data === 'string' ? Buffer.from(expand(data)) : Buffer.from(text(encoded) ?? '', 'base64');
}

/** A map has no order, so go-ftw writes its names sorted. */
function readHeaders(input: Fields, place: string): [string, string][] {
  if (input.ordered_headers !== undefined) {
    return list(input.ordered_headers, place).map((value) => {
      const { name, value: content } = map(value, place);
      return [text(name) ?? '', text(content) ?? ''];
    });
  }
  const headers = Object.entries(map(input.headers ?? {}, place));
  return headers
    .map(([name, value]): [string, string] => [name, text(value) ?? ''])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function known(fields: Fields, names: readonly string[], place: string): void {
  const stranger = Object.keys(fields).find((name) => !names.includes(name));
  if (stranger !== undefined) throw new Error(`${place}: this runner does not know "${stranger}"`);
}

function map(value: unknown, place: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${place}: a map is missing`);
  return value as Fields;
}

function list(value: unknown, place: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${place}: a list is missing`);
  return value;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function integer(value: unknown, place: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${place}: ${String(value)} is not a whole number`);
  return number;
}

function integers(value: unknown, place: string): number[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((item) => integer(item, place));
}

/** Go writes flags as a group in front, `(?i)`, where JavaScript has them behind. */
function pattern(value: unknown): RegExp | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const flags = /^\(\?([ims]+)\)/.exec(value);
  return flags === null ? new RegExp(value) : new RegExp(value.slice(flags[0].length), flags[1]);
}
