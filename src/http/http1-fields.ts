// Fields of an answer that Node's HTTP/1.1 writer does not take as they stand, and what becomes of them.
import type { Headers } from './headers.ts';
import { removeHeader, setHeader } from './headers.ts';

/**
 * Makes the fields such that writeHead() neither throws nor spoils one, in place; one pass where nothing is odd.
 * `mayChunk`: the answer has a body, and the client reads chunks. `mayTrail`: trailers may follow, also a counted body.
 */
export function fitHttp1(headers: Headers, mayChunk: boolean, mayTrail: boolean): void {
  let length: string | undefined;
  let hasTrailer = false;
  let isLengthEarly = false;
  let hasExpect = false;
  for (let i = 0; i < headers.length; i += 2) {
    switch (headers[i]) {
      case 'content-length':
        length = headers[i + 1];
        break;
      case 'content-disposition':
        isLengthEarly ||= length !== undefined;
        break;
      case 'trailer':
        hasTrailer = true;
        break;
      case 'expect':
        hasExpect = true;
    }
  }
  // It announces what only chunks can carry (RFC 9112, 7.1.2), and Node throws (ERR_HTTP_TRAILER_INVALID).
  if (hasTrailer && mayChunk && mayTrail) removeHeader(headers, 'content-length');
  else if (hasTrailer && (length !== undefined || !mayChunk)) removeHeader(headers, 'trailer');
  // Behind a length Node reads the bytes of a file name as UTF-8, and throws on what then is no byte (ERR_INVALID_CHAR).
  if (isLengthEarly && headers.includes('content-length')) setHeader(headers, 'content-length', length as string);
  // Of requests only (RFC 9110, 10.1.1); Node would write the head at once, as UTF-8.
  if (hasExpect) removeHeader(headers, 'expect');
}
