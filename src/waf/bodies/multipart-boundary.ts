// Finds the boundary in the Content-Type of a multipart/form-data body, and notes all that a backend may read otherwise.
// It must never pick one of two readings in silence: gateway and backend would see different parts.

export interface Boundary {
  /** Empty when there is none that can be used; then there is an error. */
  readonly text: string;
  readonly isQuoted: boolean;
  /** Blanks around the parameter's equals sign or behind its value. */
  readonly hasWhitespace: boolean;
  /** No semicolon before a parameter. */
  readonly missingSemicolon: boolean;
  readonly error?: string;
}

/** libmodsecurity takes no longer Content-Type for a multipart body either. */
export const MAX_CONTENT_TYPE_BYTES = 1024;

/**
 * Reads the boundary parameter (RFC 9110, 8.3.1; RFC 2046, 5.1.1). Other parameters may stand beside it if they are
 * plain. Errors are: another media type, no or two boundaries, a name that is not in lower case, half quotes,
 * characters that RFC 2046 forbids, and without quotes a comma or a blank, where PHP ends the boundary.
 */
export function parseBoundary(contentType: string): Boundary {
  const found = { text: '', isQuoted: false, hasWhitespace: false, missingSemicolon: false };
  if (contentType.length > MAX_CONTENT_TYPE_BYTES) return { ...found, error: 'a Content-Type that is too long' };
  if (!contentType.toLowerCase().startsWith(MEDIA_TYPE)) return { ...found, error: 'another Content-Type' };
  if (countBoundaries(contentType) > 1) return { ...found, error: 'more than one boundary' };
  // RFC 9110, 5.6.6 allows an empty parameter; at the end some clients send one.
  let rest = contentType.slice(MEDIA_TYPE.length).replace(/;$/, '');
  while (rest !== '') {
    const parameter = PARAMETER.exec(rest);
    if (parameter === null) return { ...found, text: '', error: 'a malformed parameter in the Content-Type' };
    const [all, semicolon = '', name = '', beforeEquals = '', afterEquals = '', quoted, plain = '', tail = ''] =
      parameter;
    rest = rest.slice(all.length);
    if (semicolon === '') found.missingSemicolon = true;
    if (name.toLowerCase() !== 'boundary') continue;
    if (name !== 'boundary') return { ...found, error: 'a boundary parameter in upper case' };
    found.isQuoted = quoted !== undefined;
    found.hasWhitespace = beforeEquals + afterEquals + (found.isQuoted ? '' : tail) !== '';
    found.text = quoted ?? plain;
    const forbidden = found.isQuoted ? FORBIDDEN_IN_QUOTES : FORBIDDEN;
    if (forbidden.test(found.text)) return { ...found, text: '', error: 'forbidden characters in the boundary' };
  }
  return found.text === '' ? { ...found, error: 'no boundary in the Content-Type' } : found;
}

const MEDIA_TYPE = 'multipart/form-data';

/** One parameter: semicolon, name, blanks, blanks, quoted text or plain text, blanks. Each class ends the one before. */
const PARAMETER = /^(?:[ \t]*(;))?[ \t]*([A-Za-z0-9_*.-]+)([ \t]*)=([ \t]*)(?:"([^"\\]*)"|([^"; \t]*))([ \t]*)(?=;|$)/;

/** All but the characters of RFC 2046, 5.1.1; a blank may not be the last. */
const FORBIDDEN_IN_QUOTES = /[^0-9A-Za-z'()+_,\-./:=? ]| $/;
const FORBIDDEN = /[^0-9A-Za-z'()+_\-./:=?]/;

/** How often the word stands in the field before an equals sign. */
function countBoundaries(contentType: string): number {
  const lastEquals = contentType.lastIndexOf('=');
  return contentType.slice(0, Math.max(lastEquals, 0)).toLowerCase().split('boundary').length - 1;
}
