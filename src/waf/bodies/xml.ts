// Checks that an XML body is well-formed and collects what rules look at: the text of the root and all attribute values.
// It must never build a tree, expand a declared entity or fetch anything.

import type { Named } from './named.ts';
import { decodeXml } from './xml-encoding.ts';
import { XmlReader } from './xml-reader.ts';

export interface XmlOptions {
  /** How deep elements may lie in each other. */
  readonly maxDepth: number;
  /** How many attributes are read. */
  readonly maxArguments: number;
  /** Only the beginning of the body is at hand: that it ends early is no error. */
  readonly truncated?: boolean;
}

export interface XmlResult {
  /**
   * What `XML:/*` yields: the texts and CDATA sections of the root and all in it, joined into one value without
   * anything between them, as libxml2 gives the content of a node. None when there is no root.
   */
  readonly text: string[];
  /** The same texts one by one. */
  readonly texts: readonly string[];
  /** What `XML://@*` yields: each attribute's value, but no namespace declarations. Literals of a DTD come too. */
  readonly attributes: string[];
  /** What the document type declares, by kind: `external`, `entity`, `parameter`. */
  readonly declared: readonly Named[];
  /** There were more attributes than allowed. */
  readonly tooMany: boolean;
  readonly error?: string;
}

/**
 * Reads a document (XML 1.0). A document type is allowed, an entity it declares is an error where it is used, and the
 * literals in it are inspected as attribute values: an attacker's file name or text shows even when it is not used.
 * Namespaces and the exact alphabet of names outside ASCII are not checked. After an error, what was read is returned.
 */
export function parseXml(body: Buffer, options: XmlOptions): XmlResult {
  const decoded = decodeXml(body, options.truncated === true);
  const reader = new XmlReader(decoded.text, options);
  reader.readDocument();
  const error = decoded.error ?? reader.error;
  return {
    text: reader.hasRoot ? [reader.text.join('')] : [],
    texts: reader.text,
    attributes: reader.attributes,
    declared: reader.declared,
    tooMany: reader.tooMany,
    ...(error !== undefined && { error }),
  };
}
