// Reads a multipart/form-data body (RFC 7578) strictly, with the flags that CRS and ModSecurity's own rules test.
// It must never drop content: what is malformed is an error or a flag, and still reaches the rules.
import { type Disposition, parseDisposition } from './content-disposition.ts';
import { type Boundary, parseBoundary } from './multipart-boundary.ts';
import { type Delimiter, DelimiterSearch } from './multipart-delimiter.ts';
import { type MultipartFlags, noFlags } from './multipart-flags.ts';
import { type PartHeaders, readPartHeaders } from './multipart-headers.ts';
import type { Named } from './named.ts';

export interface MultipartOptions {
  /** How many parts are read. */
  readonly maxArguments: number;
  /** How many parts may be files (SecUploadFileLimit); as many as there are parts when absent. */
  readonly maxFiles?: number;
  /** How much of a file's content is handed over; nothing when absent. */
  readonly fileContentBytes?: number;
  /** Only the beginning of the body is at hand: that the last part has no end is no error. */
  readonly truncated?: boolean;
}

export interface UploadedFile {
  readonly fieldName: string;
  readonly fileName: string;
  readonly size: number;
  readonly content?: string;
}

export interface MultipartResult {
  readonly args: Named[];
  readonly files: UploadedFile[];
  readonly filesCombinedSize: number;
  /** One entry a header: the part's name, and the line without its end. */
  readonly partHeaders: Named[];
  /** MULTIPART_NAME and MULTIPART_FILENAME: the values of all such parameters. */
  readonly names: string[];
  readonly fileNames: string[];
  readonly flags: MultipartFlags;
  readonly tooMany: boolean;
  readonly error?: string;
}

/**
 * Reads all parts. A part with a file name is a file, all others are arguments; the content of a part whose headers are
 * malformed is an argument in any case, and so is text outside the parts, without name. libmodsecurity sets
 * unmatchedBoundary to 2 for every complete body; here it needs a line that resembles a boundary, so that a rule may
 * also test for "not 0". A body of no bytes is no error.
 */
export function parseMultipart(body: Buffer, contentType: string, options: MultipartOptions): MultipartResult {
  const boundary = parseBoundary(contentType);
  const reader = new MultipartReader(body, boundary, options);
  if (boundary.error === undefined) reader.readParts();
  else reader.keepOutside(0, body.length);
  return reader.result();
}

class MultipartReader {
  readonly #body: Buffer;
  readonly #options: MultipartOptions;
  readonly #search: DelimiterSearch;
  readonly #args: Named[] = [];
  readonly #files: UploadedFile[] = [];
  readonly #partHeaders: Named[] = [];
  readonly #names: string[] = [];
  readonly #fileNames: string[] = [];
  readonly #flags: MultipartFlags;
  #filesCombinedSize = 0;
  #hasCrlf = false;
  #tooMany = false;
  #error: string | undefined;

  constructor(body: Buffer, boundary: Boundary, options: MultipartOptions) {
    this.#body = body;
    this.#options = options;
    this.#search = new DelimiterSearch(body, boundary.text, options.truncated === true);
    this.#error = boundary.error;
    this.#flags = noFlags();
    this.#flags.boundaryQuoted = boundary.isQuoted;
    this.#flags.boundaryWhitespace = boundary.hasWhitespace;
    this.#flags.missingSemicolon = boundary.missingSemicolon;
  }

  readParts(): void {
    if (this.#body.length === 0) return;
    let delimiter = this.#nextDelimiter(0);
    this.#flags.dataBefore = delimiter === undefined || delimiter.start > 0;
    this.keepOutside(0, delimiter?.start ?? this.#body.length);
    if (delimiter === undefined && this.#options.truncated !== true) this.#fail('no boundary in the body');
    for (let parts = 0; delimiter !== undefined && !delimiter.isFinal; parts += 1) {
      if (parts === this.#options.maxArguments) {
        this.#tooMany = true;
        this.#fail(`more than ${parts} parts`);
        return;
      }
      const start: number = delimiter.next;
      delimiter = this.#nextDelimiter(start);
      this.#readPart(start, delimiter);
      if (delimiter === undefined && this.#options.truncated !== true) this.#fail('no final boundary');
    }
    if (delimiter === undefined) return;
    this.#flags.dataAfter = delimiter.next < this.#body.length;
    this.keepOutside(delimiter.next, this.#body.length);
  }

  /** Text that belongs to no part is an argument without name: a laxer reader may find parts in it. */
  keepOutside(start: number, end: number): void {
    if (start < end) this.#args.push({ name: '', value: this.#body.toString('latin1', start, end) });
  }

  result(): MultipartResult {
    const { unmatchedBoundary: _, ...strict } = this.#flags;
    this.#flags.crlfLfLines = this.#hasCrlf && this.#flags.lfLine;
    const error = this.#error ?? this.#search.error;
    this.#flags.strictError = error !== undefined || Object.values(strict).includes(true);
    return {
      args: this.#args,
      files: this.#files,
      filesCombinedSize: this.#filesCombinedSize,
      partHeaders: this.#partHeaders,
      names: this.#names,
      fileNames: this.#fileNames,
      flags: this.#flags,
      tooMany: this.#tooMany,
      ...(error !== undefined && { error: `multipart: ${error}` }),
    };
  }

  #nextDelimiter(from: number): Delimiter | undefined {
    const delimiter = this.#search.next(from);
    if (delimiter?.lineEnd !== undefined) this.#noteLineEnds(delimiter.lineEnd === 'lf', delimiter.lineEnd === 'crlf');
    // In a prefix the boundary may still follow.
    const mayFollow = delimiter !== undefined || this.#options.truncated === true;
    if (this.#search.seenLookalike) this.#flags.unmatchedBoundary = mayFollow ? 2 : 1;
    return delimiter;
  }

  /** Reads the part from `start` up to the delimiter, or to the end of the body when there is none. */
  #readPart(start: number, delimiter: Delimiter | undefined): void {
    const mayBeCut = delimiter === undefined && this.#options.truncated === true;
    const headers = readPartHeaders(this.#body, start, delimiter?.start ?? this.#body.length, mayBeCut);
    this.#noteHeaders(headers);
    const isCut = mayBeCut && headers.contentStart === undefined;
    const fields = headers.lines.filter((line) => line.name === 'content-disposition').map(({ value }) => value);
    const disposition = fields[0] === undefined ? undefined : this.#readDisposition(fields[0], isCut);
    // A second field is an error of the headers; what it names is inspected all the same.
    for (const field of fields.slice(1)) this.#readDisposition(field, isCut);
    const name = disposition?.names[0] ?? '';
    for (const { value } of headers.lines) this.#partHeaders.push({ name, value });
    if (isCut) return;
    if (disposition === undefined) this.#failPart('a part without Content-Disposition');
    const isSound = headers.error === undefined && disposition !== undefined && disposition.error === undefined;
    if (headers.contentStart === undefined) this.#failPart('a part that ends inside its headers');
    else this.#readContent(headers.contentStart, delimiter, name, disposition?.fileNames[0] ?? '', isSound);
  }

  #readDisposition(line: string, isCut: boolean): Disposition {
    const disposition = parseDisposition(line.slice(line.indexOf(':') + 1).replace(/^[ \t]+/, ''));
    for (const name of disposition.names) this.#names.push(name);
    for (const fileName of disposition.fileNames) this.#fileNames.push(fileName);
    if (disposition.invalidQuoting) this.#flags.invalidQuoting = true;
    if (disposition.error !== undefined && !isCut) this.#failPart(disposition.error);
    return disposition;
  }

  #noteHeaders(headers: PartHeaders): void {
    this.#noteLineEnds(headers.hasLf, headers.hasCrlf);
    if (headers.hasFolding) this.#flags.headerFolding = true;
    if (headers.hasInvalidFolding) this.#flags.invalidHeaderFolding = true;
    if (headers.error !== undefined) this.#fail(headers.error);
  }

  #readContent(start: number, next: Delimiter | undefined, name: string, fileName: string, isSound: boolean): void {
    // The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1): without one it is read in two ways.
    if (next?.start === start) this.#flags.invalidPart = true;
    const end = next === undefined ? this.#body.length : Math.max(start, lineEndBefore(this.#body, next.start));
    if (fileName !== '') this.#addFile(name, fileName, start, end);
    if (fileName === '' || !isSound) this.#args.push({ name, value: this.#body.toString('latin1', start, end) });
  }

  #addFile(fieldName: string, fileName: string, start: number, end: number): void {
    if (this.#files.length === this.#options.maxFiles) {
      this.#flags.fileLimitExceeded = true;
      this.#fail(`more than ${this.#files.length} files`);
    }
    const contentBytes = this.#options.fileContentBytes;
    const size = end - start;
    this.#filesCombinedSize += size;
    this.#files.push({
      fieldName,
      fileName,
      size,
      ...(contentBytes !== undefined && {
        content: this.#body.toString('latin1', start, Math.min(end, start + contentBytes)),
      }),
    });
  }

  #noteLineEnds(hasLf: boolean, hasCrlf: boolean): void {
    if (hasLf) this.#flags.lfLine = true;
    if (hasCrlf) this.#hasCrlf = true;
  }

  #failPart(error: string): void {
    this.#flags.invalidPart = true;
    this.#fail(error);
  }

  #fail(error: string): void {
    this.#error ??= error;
  }
}

function lineEndBefore(body: Buffer, start: number): number {
  return body[start - 2] === 0x0d ? start - 2 : start - 1;
}
