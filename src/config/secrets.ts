// Keeps secrets out of what is shown: lines of the file and quoted values. Which keys hold secrets is
// marked in the schema; names that look like one are hidden too, since a mistyped key is not in it.

import { isPureReference } from './interpolate.ts';
import type { Node } from './schema/node.ts';
import { root } from './schema/root.ts';
import { closest } from './suggest.ts';

export const mask = '***';
/** Only the beginning of a value is ever quoted. */
const maxQuotable = 2000;

/** A stretch of the file, in offsets. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const telling = /pass(?:word|phrase|wd)|secret|token|hmac|authorization|credential|api[-_]?key/i;
const tellingInLine = new RegExp(`((?:${telling.source})[\\w.-]*["']?\\s*:\\s*)(\\S.*)$`, 'i');
const urlUser = /([a-z][a-z0-9+.-]*:\/\/)[^\s"']*@/gi;

interface KeyNames {
  readonly all: Set<string>;
  readonly secret: Set<string>;
}

let names: KeyNames | undefined;

/** Whether the value of a key, or of anything below it, is a secret. `parent` is the key above. */
export function isSecretKey(key: string, parent: string | undefined): boolean {
  names ??= collectNames(root, { all: new Set(), secret: new Set() });
  if (names.secret.has(key) || telling.test(key)) return true;
  if (parent === 'set' && /cookie/i.test(key)) return true;
  return !names.all.has(key) && closest(key, names.secret) !== undefined;
}

/**
 * Hides what lies in the ranges, and whatever else in the line looks like a secret. Where the YAML itself is
 * `broken`, a secret may reach beyond what was read of it, so all that follows its key is hidden.
 */
export function maskLine(line: string, lineStart: number, ranges: readonly Range[], isBroken: boolean): string {
  let shown = '';
  let at = 0;
  for (const range of ranges) {
    const start = Math.max(at, range.start - lineStart);
    const end = Math.min(line.length, range.end - lineStart);
    if (start >= end) continue;
    shown += line.slice(at, start) + mask;
    at = end;
  }
  shown += line.slice(at);
  return maskText(isBroken ? shown.replace(tellingInLine, `$1${mask}`) : shown);
}

/** Hides user names and passwords in URLs, and what stands behind keys with telling names. */
function maskText(text: string): string {
  return text
    .replace(tellingInLine, (whole, key: string, rest: string) => (isHarmless(rest) ? whole : `${key}${mask}`))
    .replace(urlUser, `$1${mask}@`);
}

/** One value as it may be quoted: without the user name and password of what is, or was meant as, a URL. */
export function maskValue(value: string): string {
  return maskText(value.slice(0, maxQuotable).replace(/(:\/\/).*@/s, `$1${mask}@`));
}

/** A password with spaces makes no URL, but it is one; in the line it could not be told from what follows. */
export function isSpacedUrl(value: string): boolean {
  return /\s/.test(/:\/\/(.*)@/s.exec(value)?.[1] ?? '');
}

/** Already hidden, or a reference to a secret that is kept elsewhere. */
function isHarmless(rest: string): boolean {
  const value = /^"([^"]*)"|^'([^']*)'|^([^\s,}]*)/.exec(rest);
  return rest.startsWith(mask) || isPureReference(value?.[1] ?? value?.[2] ?? value?.[3] ?? '');
}

function collectNames(node: Node, found: KeyNames): KeyNames {
  for (const [name, child] of Object.entries(node.map?.properties ?? {})) {
    found.all.add(name);
    if (child.secret === true) found.secret.add(name);
    collectNames(child, found);
  }
  if (node.map?.others !== undefined) collectNames(node.map.others, found);
  if (node.list !== undefined) collectNames(node.list.items, found);
  return found;
}
