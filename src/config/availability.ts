// Parts of the file that are described and checked but not built yet. Switched on they are a fault,
// so that nobody believes himself protected; switched off, in any spelling, they are fine.

import type { ConfigDocument } from './document.ts';
import { isMap } from './document.ts';
import { pointerTo } from './pointer.ts';
import { isOff } from './schema/kind.ts';
import type { Later, Node } from './schema/node.ts';
import { root } from './schema/root.ts';

/** Tells each part that is on although it is not available; values that are faulty already are passed over. */
export function checkAvailability(document: ConfigDocument): void {
  visit(document, root, '', document.value);
}

function visit(document: ConfigDocument, node: Node, pointer: string, value: unknown): void {
  if (document.isFaulty(pointer)) return;
  if (node.later !== undefined && isOn(node.later, value)) {
    document.fault(
      pointer,
      'not-available',
      `${node.later.what} is not available yet; leave it out, or turn it off with false`,
      'key',
    );
    return;
  }
  if (isMap(value) && node.offBy !== undefined && isOff(value[node.offBy] ?? true)) return;
  if (Array.isArray(value) && node.list !== undefined) {
    for (const [index, item] of value.entries()) visit(document, node.list.items, pointerTo(pointer, index), item);
  } else if (isMap(value) && node.map !== undefined) {
    for (const [key, child] of Object.entries(value)) {
      const childNode = Object.hasOwn(node.map.properties, key) ? node.map.properties[key] : node.map.others;
      if (childNode !== undefined) visit(document, childNode, pointerTo(pointer, key), child);
    }
  }
}

function isOn(later: Later, value: unknown): boolean {
  if (isMap(value) && later.offBy !== undefined && Object.hasOwn(value, later.offBy)) return !isOff(value[later.offBy]);
  return later.offBy === undefined ? !isOffThroughout(value) : !isOff(value);
}

/** Off, or made of nothing but what is off. */
function isOffThroughout(value: unknown): boolean {
  if (isOff(value)) return true;
  if (Array.isArray(value)) return value.every(isOffThroughout);
  return isMap(value) && Object.values(value).every(isOffThroughout);
}
