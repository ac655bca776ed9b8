// The bounds of what one backend's answer may make the gateway hold or wait for.

export interface ParserLimits {
  /** Of one head, status line and blank line included. */
  readonly maxHeadBytes: number;
  /** Fields in one head or in the trailers. */
  readonly maxFields: number;
  /** Interim answers (1xx) before the final one. */
  readonly maxInterim: number;
  readonly maxTrailerBytes: number;
  /** Of all chunks of one body together. */
  readonly maxChunkExtensionBytes: number;
}

export const PARSER_LIMITS: ParserLimits = {
  maxHeadBytes: 64 * 1024,
  maxFields: 256,
  maxInterim: 16,
  maxTrailerBytes: 16 * 1024,
  maxChunkExtensionBytes: 16 * 1024,
};
