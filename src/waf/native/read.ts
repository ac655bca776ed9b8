// A native rule file, or a file of honest requests: read, checked and compiled, with every fault at its place.
import type { Problem } from '../../base/errors.ts';
import { readDocument } from '../../config/build-document.ts';
import type { ConfigDocument } from '../../config/document.ts';
import { Part } from '../../config/part.ts';
import { Report } from '../../config/report.ts';
import type { Node } from '../../config/schema/node.ts';
import { validate } from '../../config/validate.ts';
import type { Marker, Rule } from '../rule.ts';
import { bytesOf, fillPieces } from './match.ts';
import { readRule } from './rule.ts';
import { honestNode, rulesNode } from './schema.ts';
import { behindDoors } from './scoring.ts';
import { readTestRequest, type TestRequest } from './test-request.ts';

/** A test that stands beside a rule. */
export interface RuleTest {
  readonly ruleId: number;
  readonly file: string;
  readonly line: number;
  /** Whether the rule must find something in it. */
  readonly finds: boolean;
  readonly request: TestRequest;
}

export interface NativeRules {
  /** In the order in which they run. Empty when there are problems. */
  readonly items: readonly (Rule | Marker)[];
  readonly tests: readonly RuleTest[];
  readonly problems: readonly Problem[];
}

/** The text of a rule file. Never throws. */
export function readRules(text: string, file: string): NativeRules {
  const { document, report } = open(text, file, rulesNode);
  const top = Part.root(document, rulesNode);
  const name = top.at('name').text() ?? '';
  const pieces = readPieces(top);
  const defaults = {
    pieces,
    file,
    name,
    inspect: top.at('inspect'),
    except: top.at('except'),
    decode: top.at('decode'),
  };
  const parts = top.at('rules').items();
  const rules = parts.map((part) => readRule(part, defaults));
  const tests = parts.flatMap((part, index) => testsOf(part, rules[index] as Rule, file));
  const problems = report.problems();
  return problems.length > 0
    ? { items: [], tests: [], problems }
    : { items: behindDoors(rules, name), tests, problems };
}

/** Later pieces may use earlier ones. */
function readPieces(top: Part): ReadonlyMap<string, string> {
  const pieces = new Map<string, string>();
  for (const [name, part] of top.at('patterns').entries()) pieces.set(name, fillPieces(bytesOf(part), pieces, part));
  return pieces;
}

function testsOf(part: Part, { id }: Rule, file: string): RuleTest[] {
  return part
    .at('tests')
    .items()
    .flatMap((test) =>
      (['block', 'pass'] as const).flatMap((key) => {
        const request = test.at(key);
        if (!request.isGiven) return [];
        const line = test.document.lineOf(test.pointer);
        return [{ ruleId: id, file, line, finds: key === 'block', request: readTestRequest(request) }];
      }),
    );
}

export interface HonestRequest {
  readonly file: string;
  readonly line: number;
  readonly request: TestRequest;
}

/** A file of requests that no rule may stop. */
export function readHonest(
  text: string,
  file: string,
): { readonly requests: readonly HonestRequest[]; readonly problems: readonly Problem[] } {
  const { document, report } = open(text, file, honestNode);
  const parts = Part.root(document, honestNode).at('requests').items();
  const requests = parts.map((part) => ({
    file,
    line: document.lineOf(part.pointer),
    request: readTestRequest(part),
  }));
  return { requests, problems: report.problems() };
}

function open(text: string, file: string, schema: Node): { document: ConfigDocument; report: Report } {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const report = new Report(file, source);
  const document = readDocument(source, undefined, report);
  validate(document, schema);
  return { document, report };
}
