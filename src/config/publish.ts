// The published JSON Schema of a kind of file, made from the same tree that the check uses. Any standard
// validator accepts what the check accepts, so that editors complete and explain and never cry wolf.

import type { JsonSchema } from './schema/kind.ts';
import type { Node } from './schema/node.ts';
import { isNullAbsent, turnsOff } from './schema/node.ts';

/** A scalar that `${…}` makes up; what it will be is known only when the gateway reads the file. */
const reference: JsonSchema = { type: 'string', pattern: '\\$\\{' };

const NOT_YET = '(Not available yet: it can only be off.)';

/** The JSON Schema of a kind of file. `hasReferences`: `${…}` may stand wherever a scalar does. */
export function publishFile(file: Node, kind: string, title: string, hasReferences: boolean): JsonSchema {
  const publisher = new Publisher(hasReferences);
  const schema = publisher.publish(file);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:gatehouse:schema:${kind}`,
    title,
    ...schema,
    ...(publisher.parts.size === 0 ? {} : { $defs: Object.fromEntries(publisher.parts) }),
  };
}

class Publisher {
  /** By name: what is referred to. */
  readonly parts = new Map<string, JsonSchema>();
  readonly #hasReferences: boolean;

  constructor(hasReferences: boolean) {
    this.#hasReferences = hasReferences;
  }

  publish(node: Node): JsonSchema {
    if (node.named === undefined) return this.#describe(node);
    if (!this.parts.has(node.named)) {
      this.parts.set(node.named, {});
      this.parts.set(node.named, this.#describe(node));
    }
    return { $ref: `#/$defs/${node.named}` };
  }

  #describe(node: Node): JsonSchema {
    const alternatives = this.#alternativesOf(node);
    const [only] = alternatives;
    return {
      description: node.later === undefined ? node.description : `${node.description} ${NOT_YET}`,
      ...(alternatives.length === 1 ? only : { anyOf: alternatives }),
      ...(node.default === undefined ? {} : { default: node.default }),
      ...(node.examples === undefined ? {} : { examples: node.examples }),
      ...(node.secret === true ? { writeOnly: true } : {}),
    };
  }

  #alternativesOf(node: Node): JsonSchema[] {
    const alternatives = node.is
      .flatMap(({ schema }) => (Array.isArray(schema.anyOf) ? (schema.anyOf as JsonSchema[]) : [schema]))
      .filter(({ type }) => !(type === 'array' && node.list) && !(type === 'object' && node.map));
    if (this.#hasReferences && node.is.length > 0 && !alternatives.some(takesAnyText)) alternatives.push(reference);
    if (node.list !== undefined) alternatives.push(this.#list(node.list));
    if (node.map !== undefined) alternatives.push(this.#map(node.map));
    if (isNullAbsent(node) && !turnsOff(node, null)) alternatives.push({ type: 'null' });
    return alternatives;
  }

  #list({ items, least }: NonNullable<Node['list']>): JsonSchema {
    return { type: 'array', items: this.publish(items), ...(least > 0 ? { minItems: least } : {}) };
  }

  #map({ properties, required, together, others, keys, least }: NonNullable<Node['map']>): JsonSchema {
    return {
      type: 'object',
      properties: Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, this.publish(child)])),
      additionalProperties: others === undefined ? false : this.publish(others),
      ...(keys === undefined ? {} : { propertyNames: keys.schema }),
      ...(required.length > 0 ? { required } : {}),
      ...(Object.keys(together).length > 0 ? { dependentRequired: together } : {}),
      ...(least > 0 ? { minProperties: least } : {}),
    };
  }
}

function takesAnyText(schema: JsonSchema): boolean {
  const types = [schema.type].flat();
  return types.includes('string') && schema.pattern === undefined;
}
