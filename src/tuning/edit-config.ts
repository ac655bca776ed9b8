// Changes to a configuration file that leave every other byte as it is, comments and layout included: the parsed document
// says where something stands, and the text is changed there.
import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { GatehouseError } from '../base/errors.ts';
import { parseSiteName } from '../config/syntax/host-name.ts';
import { SharedNodes } from './shared-nodes.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Where a rule section stands: the site's own, or that of a route (by its place in the file). */
export interface Section {
  readonly site: string;
  readonly route: number | undefined;
}

type Ranged = { readonly range?: readonly [number, number, number] | null | undefined };

/**
 * The text with further exceptions, each a flow map. They stand in the site's `waf`, or in the route's where the site has
 * none; where neither has one the site gets it. Fails with a GatehouseError where it is not written out (an alias, a merge).
 */
export function addExceptions(text: string, section: Section, entries: readonly string[]): string {
  const { site, shared } = findSite(text, section);
  const waf = wafOf(site, section, shared);
  if (waf === undefined) return apply(text, [insertWaf(text, site, entries)]);
  const pair = pairOf(waf, 'exceptions');
  shared.refuse(pair?.value);
  if (pair === undefined) return apply(text, [insertPair(text, waf, entries)]);
  const { value } = pair;
  if (isSeq(value) && value.items.length > 0) return apply(text, [appendItems(text, value, entries)]);
  const isEmpty = value === null || isScalar(value) || (isSeq(value) && value.items.length === 0);
  if (!isEmpty) throw elsewhere(entries);
  return apply(text, replaceValue(text, waf, pair, entries));
}

/**
 * The text with the shadow's rules in place of those in force, its settings in place of theirs, and without the shadow.
 */
export function promoteShadow(text: string, section: Section): string {
  const { site, shared } = findSite(text, section);
  const waf = wafOf(site, section, shared);
  const pair = waf === undefined ? undefined : pairOf(waf, 'shadow');
  if (waf === undefined || pair === undefined || !isMap(pair.value))
    throw refuse('there is no shadow in this section of the file');
  const shadow = pair.value;
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const key of ['rules', 'paranoia', 'detectionParanoia', 'threshold']) {
    const own = pairOf(shadow, key)?.value;
    if (own === undefined || own === null) continue;
    const source = sourceOf(text, own as Ranged);
    const before = pairOf(waf, key)?.value;
    if (before === undefined || before === null) added.push(`${key}: ${inOneLine(source, key)}`);
    else
      edits.push({
        start: spanOf(before as Ranged).start,
        end: endOfNode(before as Ranged),
        text: inOneLine(source, key),
      });
  }
  if (added.length === 0) edits.push(removePair(text, waf, pair));
  else
    edits.push({
      start: startOf(pair),
      end: endOf(pair),
      text: added.join(waf.flow === true ? ', ' : `\n${indentOf(text, startOf(pair))}`),
    });
  return apply(text, edits);
}

function findSite(text: string, { site }: Section): { site: YAMLMap; shared: SharedNodes } {
  const document = parseDocument(text, { merge: true, resolveKnownTags: false });
  if (document.errors.length > 0) throw refuse('the file is no YAML');
  const sites = document.get('sites');
  const found = isMap(sites) ? sites.items.find(({ key }) => isSite(key, site))?.value : undefined;
  if (!isMap(found)) throw refuse(`the file has no site ${site} that is written out`);
  const shared = new SharedNodes(document);
  shared.refuse(found);
  return { site: found, shared };
}

/** undefined: neither site nor route has one. */
function wafOf(site: YAMLMap, { site: name, route }: Section, shared: SharedNodes): YAMLMap | undefined {
  const pair = pairOf(site, 'waf');
  shared.refuse(pair?.value);
  if (isMap(pair?.value)) return pair.value;
  const routes = pairOf(site, 'routes')?.value;
  const chosen = isSeq(routes) && route !== undefined ? routes.items[route] : undefined;
  const ofRoute = isMap(chosen) ? pairOf(chosen, 'waf') : undefined;
  shared.refuse(ofRoute?.value, ofRoute === undefined ? undefined : chosen, ofRoute === undefined ? undefined : routes);
  if (isMap(ofRoute?.value)) return ofRoute.value;
  const isMerged = [site, chosen].some((map) => isMap(map) && pairOf(map, '<<') !== undefined);
  if (pair === undefined && ofRoute === undefined && !isMerged && site.items.length > 0) return undefined;
  throw refuse(`the rules of ${name} are not written out where they could be changed`);
}

function isSite(key: unknown, site: string): boolean {
  const parsed = parseSiteName(isScalar(key) ? String(key.value) : '');
  return 'value' in parsed && parsed.value === site;
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function insertWaf(text: string, site: YAMLMap, entries: readonly string[]): Edit {
  const last = site.items.at(-1) as Pair;
  if (site.flow === true) return at(endOf(last), `, waf: { exceptions: [${entries.join(', ')}] }`);
  const indent = indentOf(text, startOf(site.items[0] as Pair));
  const lines = entries.map((entry) => `\n${indent}    - ${entry}`);
  return atLineEnd(text, endOf(last), `\n${indent}waf:\n${indent}  exceptions:${lines.join('')}`);
}

function insertPair(text: string, waf: YAMLMap, entries: readonly string[]): Edit {
  const last = waf.items.at(-1);
  if (last === undefined) throw elsewhere(entries);
  if (waf.flow === true) return at(endOf(last), `, exceptions: [${entries.join(', ')}]`);
  const indent = indentOf(text, startOf(waf.items[0] as Pair));
  const lines = entries.map((entry) => `\n${indent}  - ${entry}`);
  return atLineEnd(text, endOf(last), `\n${indent}exceptions:${lines.join('')}`);
}

function appendItems(text: string, list: YAMLSeq, entries: readonly string[]): Edit {
  const last = list.items.at(-1) as Ranged;
  if (list.flow === true) return at(endOfNode(last), entries.map((entry) => `, ${entry}`).join(''));
  const indent = indentOf(text, spanOf(list).start);
  return atLineEnd(text, endOfNode(last), entries.map((entry) => `\n${indent}- ${entry}`).join(''));
}

function replaceValue(text: string, waf: YAMLMap, pair: Pair, entries: readonly string[]): Edit[] {
  const key = pair.key as Ranged;
  const colon = text.indexOf(':', spanOf(key).end);
  const { start, end } = pair.value === null ? { start: colon + 1, end: colon + 1 } : spanOf(pair.value as Ranged);
  const written = { start: colon + 1, end: end > start ? end : colon + 1 };
  if (waf.flow === true) return [{ ...written, text: ` [${entries.join(', ')}]` }];
  const indent = indentOf(text, spanOf(key).start);
  const lines = entries.map((entry) => `\n${indent}  - ${entry}`).join('');
  return [{ ...written, text: '' }, atLineEnd(text, written.end, lines)];
}

function removePair(text: string, map: YAMLMap, pair: Pair): Edit {
  const place = map.items.indexOf(pair);
  if (map.flow === true) {
    const before = map.items[place - 1];
    const next = map.items[place + 1];
    if (before !== undefined) return { start: endOf(before), end: endOf(pair), text: '' };
    return { start: startOf(pair), end: next === undefined ? endOf(pair) : startOf(next), text: '' };
  }
  const start = text.lastIndexOf('\n', startOf(pair)) + 1;
  return { start, end: lineEnd(text, endOf(pair)) + 1, text: '' };
}

/** The source of a node, fit to stand behind a key: what is written over several lines becomes one. */
function inOneLine(source: string, key: string): string {
  if (!source.includes('\n')) return source;
  const node = parseDocument(source.replace(/^/gm, ' ')).toJS() as unknown;
  if (source.includes('#')) throw refuse(`${key} of the shadow has comments of its own; move it by hand`);
  return JSON.stringify(node);
}

function sourceOf(text: string, node: Ranged): string {
  const { start } = spanOf(node);
  const end = endOfNode(node);
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  return text.slice(start, end).replace(new RegExp(`^ {${column}}`, 'gm'), '');
}

function apply(text: string, edits: readonly Edit[]): string {
  let changed = text;
  for (const { start, end, text: put } of edits.toSorted((a, b) => b.start - a.start)) {
    changed = changed.slice(0, start) + put + changed.slice(end);
  }
  return changed;
}

function at(place: number, text: string): Edit {
  return { start: place, end: place, text };
}

/** Behind the line, so that a comment at its end stays with what it belongs to. `put` begins with a line break. */
function atLineEnd(text: string, place: number, put: string): Edit {
  return at(lineEnd(text, place), put);
}

/** Where the line ends that holds the last character before `place`, without its line break. */
function lineEnd(text: string, place: number): number {
  const from = text[place - 1] === '\n' ? place - 1 : place;
  const end = text.indexOf('\n', from);
  const behind = end === -1 ? text.length : end;
  return text[behind - 1] === '\r' ? behind - 1 : behind;
}

function indentOf(text: string, place: number): string {
  const start = text.lastIndexOf('\n', place - 1) + 1;
  return ' '.repeat(place - start);
}

function startOf({ key }: Pair): number {
  return spanOf(key as Ranged).start;
}

function endOf({ key, value }: Pair): number {
  return value === null || (value as Ranged).range === null
    ? spanOf(key as Ranged).end + 1
    : endOfNode(value as Ranged);
}

/** The end of the last thing in it that is written; the range of a block goes on over blank lines and comments. */
function endOfNode(node: Ranged): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1) as Pair);
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return endOfNode(node.items.at(-1) as Ranged);
  return spanOf(node).end;
}

function spanOf({ range }: Ranged): { start: number; end: number } {
  if (range === null || range === undefined) throw refuse('the file is written in a way that is not understood here');
  return { start: range[0], end: range[1] };
}

function elsewhere(entries: readonly string[]): GatehouseError {
  return refuse(
    `exceptions are not written out there; add this by hand:\n${entries.map((entry) => `  - ${entry}`).join('\n')}`,
  );
}

function refuse(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}
