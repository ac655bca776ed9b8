// What a multipart body has that a strict one has not, as CRS and ModSecurity's own rules test it.

/** The MULTIPART_ variables; each is named as there. */
export interface MultipartFlags {
  boundaryQuoted: boolean;
  boundaryWhitespace: boolean;
  dataBefore: boolean;
  dataAfter: boolean;
  headerFolding: boolean;
  lfLine: boolean;
  crlfLfLines: boolean;
  /** MISSING_SEMICOLON and SEMICOLON_MISSING. */
  missingSemicolon: boolean;
  invalidQuoting: boolean;
  invalidPart: boolean;
  invalidHeaderFolding: boolean;
  fileLimitExceeded: boolean;
  /** 1: a line resembles a boundary and no boundary follows it; 2: one follows; 0: there is no such line. */
  unmatchedBoundary: 0 | 1 | 2;
  /** Any flag but unmatchedBoundary, or an error. */
  strictError: boolean;
}

export function noFlags(): MultipartFlags {
  return {
    boundaryQuoted: false,
    boundaryWhitespace: false,
    dataBefore: false,
    dataAfter: false,
    headerFolding: false,
    lfLine: false,
    crlfLfLines: false,
    missingSemicolon: false,
    invalidQuoting: false,
    invalidPart: false,
    invalidHeaderFolding: false,
    fileLimitExceeded: false,
    unmatchedBoundary: 0,
    strictError: false,
  };
}
