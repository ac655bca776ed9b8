// Lets a pattern that is meant for lower-cased values run on the value as it came, which saves the copy.
import { ByteSet } from './byte-set.ts';
import { mapSets, type Node } from './node.ts';

/**
 * The pattern that matches a value exactly where `node` matches the ASCII lower-cased value: every byte set is
 * replaced by its pre-image under lower-casing. Assertions look at word bytes and line feeds only, which
 * lower-casing keeps.
 */
export function foldPreimage(node: Node): Node {
  return mapSets(node, (set) => set.lowerPreimage());
}

/**
 * A pattern that matches wherever `node` matches a value of which perhaps only a part was lower-cased: each byte set
 * with its pre-image. It may match more.
 */
export function foldSuperset(node: Node): Node {
  return mapSets(node, (set) => ByteSet.union([set, set.lowerPreimage()]));
}
