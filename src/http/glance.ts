// What the reader of a head asks of its fields, found out in one walk over them: this is on the way of every request.

/** The fields that decide about the request as a whole. */
export interface Glance {
  /** Of all names and values, each with two more for what stands behind it. */
  readonly bytes: number;
  readonly host: string | undefined;
  readonly contentLength: string | undefined;
  readonly range: string | undefined;
  readonly transferEncoding: string | undefined;
  /** All of them, joined by commas. */
  readonly connection: string | undefined;
  /** A field that may stand there once and does so more often: one reader takes the first, another the last. */
  readonly repeated: string | undefined;
}

export function glance(headers: readonly string[]): Glance {
  let bytes = 0;
  let host: string | undefined;
  let contentLength: string | undefined;
  let contentType: string | undefined;
  let transferEncoding: string | undefined;
  let range: string | undefined;
  let connection: string | undefined;
  let authorization: string | undefined;
  let repeated: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    bytes += name.length + value.length + 4;
    // By length first: nearly every name is passed over without being read.
    switch (name.length) {
      case 4:
        if (name !== 'host') break;
        if (host !== undefined) repeated ??= name;
        host = value;
        break;
      case 5:
        if (name !== 'range') break;
        if (range !== undefined) repeated ??= name;
        range = value;
        break;
      case 10:
        if (name === 'connection') connection = connection === undefined ? value : `${connection},${value}`;
        break;
      case 12:
        if (name !== 'content-type') break;
        if (contentType !== undefined) repeated ??= name;
        contentType = value;
        break;
      case 13:
        if (name !== 'authorization') break;
        if (authorization !== undefined) repeated ??= name;
        authorization = value;
        break;
      case 14:
        if (name !== 'content-length') break;
        if (contentLength !== undefined) repeated ??= name;
        contentLength = value;
        break;
      case 17:
        if (name !== 'transfer-encoding') break;
        if (transferEncoding !== undefined) repeated ??= name;
        transferEncoding = value;
        break;
      default:
    }
  }
  return { bytes, host, contentLength, transferEncoding, range, connection, repeated };
}
