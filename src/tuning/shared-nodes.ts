// Parts of a YAML file that stand in several places by an anchor and aliases: whoever changes one changes all of them.
import { type Document, isNode, visit } from 'yaml';
import { GatehouseError } from '../base/errors.ts';

export class SharedNodes {
  readonly #aliases = new Set<string>();

  constructor(document: Document) {
    visit(document, { Alias: (_, { source }) => void this.#aliases.add(source) });
  }

  /** Fails with a GatehouseError where one of the nodes stands elsewhere, too. */
  refuse(...nodes: readonly unknown[]): void {
    for (const node of nodes) {
      const anchor = isNode(node) && 'anchor' in node ? node.anchor : undefined;
      if (anchor === undefined || !this.#aliases.has(anchor)) continue;
      const message = `what would be changed is &${anchor}, which also stands elsewhere in the file; change it by hand`;
      throw new GatehouseError('config_invalid', 'gateway', message);
    }
  }
}
