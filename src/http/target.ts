// The request target in canonical form: what routes, rules and the backend all see. A path with two
// readings (dot segments behind encodings, overlong UTF-8, backslashes) is how a guard is walked around,
// so such a target is refused and never repaired by guessing.

export interface Target {
  /** Begins with '/'; unreserved characters decoded, escapes in upper case, no dot segments, no empty segments. */
  readonly path: string;
  /** With its '?', as sent; empty when there is none. */
  readonly query: string;
}

/** Why a target was refused, for the record. */
export type TargetFault = 'target-form' | 'target-characters' | 'path-escape' | 'path-traversal' | 'path-ambiguous';

// 1 plain: may stand as it is; 2 needs the slow walk; 0 refused outright.
const PLAIN = 1;
const LOOK = 2;
const CHAR_CLASS = new Uint8Array(128);
for (let c = 0x21; c < 0x7f; c++) CHAR_CLASS[c] = PLAIN;
for (const c of '%./') CHAR_CLASS[c.charCodeAt(0)] = LOOK;
CHAR_CLASS['#'.charCodeAt(0)] = 0;
CHAR_CLASS['\\'.charCodeAt(0)] = 0;

/** Origin-form only (RFC 9112, 3.2.1): absolute-form is taken apart before, `*` never comes here. */
export function canonicalTarget(raw: string): Target | TargetFault {
  if (raw.charCodeAt(0) !== 0x2f) return 'target-form';
  const mark = raw.indexOf('?');
  const end = mark === -1 ? raw.length : mark;
  let needsWork = false;
  let previous = 0;
  for (let i = 0; i < end; i++) {
    const code = raw.charCodeAt(i);
    const kind = code < 128 ? (CHAR_CLASS[code] as number) : 0;
    if (kind === 0) return 'target-characters';
    // '%' anywhere, and '.' or '/' right after '/', ask for the slow walk.
    if (kind === LOOK && (code === 0x25 || previous === 0x2f)) needsWork = true;
    previous = code;
  }
  for (let i = end; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code < 0x21 || code > 0x7e || code === 0x23) return 'target-characters';
  }
  const query = mark === -1 ? '' : raw.slice(mark);
  if (!needsWork) {
    return { path: mark === -1 ? raw : raw.slice(0, mark), query };
  }
  const path = walk(raw.slice(0, end));
  return path.startsWith('/') ? { path, query } : (path as TargetFault);
}

/**
 * The path as a guard must read it: an encoded slash counts as a slash, `;parameters` as nothing, an encoded `?` or `#` as
 * the end, and what is encoded twice as what it comes to, since the backend may read them so (`/admin%2Fusers`,
 * `/admin;x/users`, `/admin%3Fx`, `/%2561dmin`).
 */
export function pathForMatching(path: string): string {
  return path.includes('%') || path.includes(';') ? reading(unfolded(path), 'slash', 'end') : path;
}

/** How backends may take the path that read it in another way: an encoded character may be just one of its segment. */
export function otherReadings(path: string): string[] {
  if (!AMBIGUOUS.test(path)) return [];
  const text = unfolded(path);
  return [reading(text, 'letter', 'end'), reading(text, 'slash', 'letter'), reading(text, 'letter', 'letter')];
}

/** In a canonical path: an encoded slash, question or number sign, or what may hide one. */
const AMBIGUOUS = /%(?:2[F35]|3F)/;

function reading(unfoldedPath: string, slash: 'slash' | 'letter', mark: 'end' | 'letter'): string {
  const whole = mark === 'end' ? unfoldedPath.replace(/%(?:3F|23).*/is, '') : unfoldedPath;
  const segments = slash === 'slash' ? whole.replace(/%2F/gi, '/') : whole;
  return segments.replace(/(?:;|%3B)[^/]*/gi, '').replace(/\/{2,}/g, '/');
}

/**
 * The path as the client wrote it, for a backend that needs its spelling (signatures, keys of objects). A path with dot
 * segments has no one spelling that all servers resolve alike, and comes in its canonical form.
 */
export function originalPath({ target, path }: { readonly target: string; readonly path: string }): string {
  const local = target.startsWith('/') ? target : target.slice(target.indexOf('://') + 3).replace(/^[^/?]*/, '');
  const mark = local.indexOf('?');
  const raw = mark === -1 ? local : local.slice(0, mark);
  return raw.startsWith('/') && !DOT_SEGMENT.test(raw) ? raw : path;
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

const UNRESERVED = /[A-Za-z0-9\-._~]/;

function walk(path: string): string {
  const decoded = normalizeEscapes(path);
  if (!decoded.startsWith('/')) return decoded;
  const segments: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (segments.length === 0) return 'path-traversal';
      segments.pop();
      continue;
    }
    // "..;x" is a parent directory to servlet containers; "..%2F" to whoever decodes late.
    if (isHiddenDots(segment)) return 'path-traversal';
    if (hidesMore(segment)) return 'path-ambiguous';
    segments.push(segment);
  }
  const isFolder = /\/\.{0,2}$/.test(decoded);
  return `/${segments.join('/')}${isFolder && segments.length > 0 ? '/' : ''}`;
}

function isHiddenDots(segment: string): boolean {
  if (!segment.includes('%') && !segment.includes(';')) return false;
  for (const part of unfolded(segment).split(/%2F|%5C/i)) {
    const name = part.split(/;|%3B|%3F|%23/i, 1)[0];
    if ((name === '.' || name === '..') && name !== segment) return true;
  }
  return false;
}

/** Below the first layer of encoding: what would be refused in the first one, for whoever decodes twice. */
function hidesMore(segment: string): boolean {
  return segment.includes('%25') && /%(?:[01][0-9A-F]|7F|5C|C[01]|E0%[89]|F0%8|F8%8|FC%8)/i.test(unfolded(segment));
}

/** Layers of encoding, of different kinds, that are looked through; of one kind any number is one layer. */
const MAX_LAYERS = 4;

/** What is encoded more than once as if it were once: `%25252e` is `.`, `%252F` is `%2F`. */
function unfolded(path: string): string {
  let text = path;
  for (let layer = 0; layer < MAX_LAYERS && text.includes('%25'); layer++) {
    text = text.replace(/%(?:25)+([0-9A-F]{2})/gi, '%$1').replace(/%([0-9A-F]{2})/gi, decodedUnreserved);
  }
  return text;
}

function decodedUnreserved(written: string, hex: string): string {
  const char = String.fromCharCode(Number.parseInt(hex, 16));
  return UNRESERVED.test(char) ? char : written;
}

function normalizeEscapes(path: string): string {
  let out = '';
  let from = 0;
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    const hex = path.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) return 'path-escape';
    const byte = Number.parseInt(hex, 16);
    // NUL, CR, LF and their kind cut strings short or split lines behind us; a backslash is a slash to some.
    if (byte < 0x20 || byte === 0x7f) return 'path-escape';
    if (byte === 0x5c || isOverlong(byte, path, at)) return 'path-ambiguous';
    const char = String.fromCharCode(byte);
    out += path.slice(from, at) + (UNRESERVED.test(char) ? char : `%${hex.toUpperCase()}`);
    from = at + 3;
  }
  return out + path.slice(from);
}

/** C0, C1, E0 80-9F and F0 80-8F begin UTF-8 sequences longer than needed (RFC 3629, 3): `%C0%AE` is a dot to a lax decoder. */
function isOverlong(byte: number, path: string, at: number): boolean {
  if (byte === 0xc0 || byte === 0xc1) return true;
  if (byte !== 0xe0 && byte !== 0xf0) return false;
  const next = /^%([0-9A-Fa-f]{2})/.exec(path.slice(at + 3, at + 6));
  if (next === null) return false;
  const second = Number.parseInt(next[1] as string, 16);
  return second >= 0x80 && second <= (byte === 0xe0 ? 0x9f : 0x8f);
}
