// Fields by which an answer tells browsers to be careful, as sets that have a name. An application that says one of them
// itself keeps its own word; `set` of the configuration comes after both.

export const presetNames: readonly HeaderPreset[] = ['basic', 'strict'];
export type HeaderPreset = 'basic' | 'strict';

/** What hardly any application minds. */
const BASIC: ReadonlyMap<string, string> = new Map([
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'SAMEORIGIN'],
  ['referrer-policy', 'strict-origin-when-cross-origin'],
  ['x-permitted-cross-domain-policies', 'none'],
]);

/** For an application that loads nothing from elsewhere, has no inline scripts and is shown in nobody's frame. */
const STRICT: ReadonlyMap<string, string> = new Map([
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['x-permitted-cross-domain-policies', 'none'],
  [
    'content-security-policy',
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  ],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['origin-agent-cluster', '?1'],
]);

export function presetFields(preset: HeaderPreset): ReadonlyMap<string, string> {
  return preset === 'strict' ? STRICT : BASIC;
}
