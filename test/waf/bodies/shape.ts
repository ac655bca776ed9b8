// How the vectors of this folder write down what a body gives: only what is there, names and values in pairs.
import type { Named } from '../../../src/waf/bodies/named.ts';
import { type BodyLimits, processorFor, readBody } from '../../../src/waf/bodies/processor.ts';

export interface Shape {
  args?: [string, string][];
  files?: [string, string, number][];
  flags?: string[];
  unmatchedBoundary?: number;
  partHeaders?: [string, string][];
  names?: readonly string[];
  fileNames?: readonly string[];
  text?: string;
  attributes?: readonly string[];
  error?: string;
}

export const LIMITS: BodyLimits = { maxArguments: 1000, maxDepth: 50 };

export function pairs(members: readonly Named[]): [string, string][] {
  return members.map(({ name, value }) => [name, value]);
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function shapeOf(body: string, contentType: string, limits: BodyLimits = LIMITS): Shape {
  const facts = readBody(bytes(body), contentType, processorFor(contentType)!, limits);
  const shape: Shape = {};
  if (facts.args.length > 0) shape.args = pairs(facts.args);
  if (facts.files.length > 0) shape.files = facts.files.map((file) => [file.fieldName, file.fileName, file.size]);
  if (facts.multipart !== undefined) {
    const { unmatchedBoundary, strictError: _, ...flags } = facts.multipart;
    shape.flags = Object.entries(flags).flatMap(([name, isSet]) => (isSet ? [name] : []));
    if (unmatchedBoundary !== 0) shape.unmatchedBoundary = unmatchedBoundary;
  }
  if (facts.partHeaders.length > 0) shape.partHeaders = pairs(facts.partHeaders);
  if (facts.partNames.length > 0) shape.names = facts.partNames;
  if (facts.partFileNames.length > 0) shape.fileNames = facts.partFileNames;
  if (facts.xmlText[0] !== undefined) shape.text = facts.xmlText[0];
  if (facts.xmlAttributes.length > 0) shape.attributes = facts.xmlAttributes;
  if (facts.error !== undefined) shape.error = facts.error;
  return shape;
}
