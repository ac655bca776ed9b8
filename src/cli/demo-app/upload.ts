// Uploads: read as they arrive, digested, kept when they are small.
import { type Answer, bytes, escapeHtml, json } from './answer.ts';
import { MultipartReader, multipartBoundary } from './multipart.ts';
import { page, refusal } from './page.ts';
import { type Arrival, type Received, SHELF_BYTES, type Stored } from './shelf.ts';
import { consume, type Visit, wantsJson } from './visit.ts';

const UPLOAD_LIMIT_BYTES = 4096 * 1024 * 1024;

export function showUpload(visit: Visit): Answer {
  const kept = visit.app.shelf.list();
  return page(visit, {
    title: 'Upload',
    lead: `Any file: you get its size and its SHA-256. Up to ${SHELF_BYTES / 1024 / 1024} MiB are kept, the rest is counted and thrown away.`,
    main: `${UPLOAD_FORM}${kept.length === 0 ? '' : `<section class="stack"><h2>Kept</h2><ul>${kept.map(keptMarkup).join('')}</ul></section>`}`,
  });
}

export async function upload(visit: Visit): Promise<Answer> {
  const boundary = multipartBoundary(visit.request.headers['content-type'] ?? '');
  if (boundary === undefined) return refusal(visit, 400, 'An upload is multipart/form-data with a boundary.');
  const received = await receive(visit, boundary);
  if (typeof received === 'number') {
    return refusal(
      visit,
      received,
      received === 413 ? 'An upload has at most 4 GiB.' : 'This is no valid multipart body.',
    );
  }
  if (received.length === 0) return refusal(visit, 400, 'Choose a file first.');
  if (wantsJson(visit)) return json({ files: received });
  return page(visit, { title: 'Uploaded', main: resultMarkup(received) + UPLOAD_FORM });
}

export function downloadUpload(visit: Visit): Answer {
  const file = visit.app.shelf.find(visit.path.slice('/uploads/'.length));
  if (file === undefined) return refusal(visit, 404, 'This file is not kept any more.');
  return bytes(file.bytes, {
    'content-type': 'application/octet-stream',
    // Shown in the page, somebody's HTML would run as ours.
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
  });
}

/** The files of the body, or the status that says why not. */
async function receive(visit: Visit, boundary: string): Promise<Received[] | 400 | 413> {
  const received: Received[] = [];
  let arrival: Arrival | undefined;
  const reader = new MultipartReader(boundary, {
    open: ({ fileName }) => {
      // A form sent without choosing a file has a part with an empty name.
      if (fileName !== undefined && fileName !== '') arrival = visit.app.shelf.receive(fileName);
    },
    data: (bytes) => arrival?.write(bytes),
    close: () => {
      if (arrival !== undefined) received.push(arrival.finish());
      arrival = undefined;
    },
  });
  let size = 0;
  try {
    await consume(visit.request, (chunk) => {
      size += chunk.length;
      return size <= UPLOAD_LIMIT_BYTES && reader.write(chunk);
    });
  } finally {
    arrival?.abandon();
  }
  if (size > UPLOAD_LIMIT_BYTES) return 413;
  return reader.isComplete ? received : 400;
}

const UPLOAD_FORM = `<div class="card narrow"><form class="stack" method="post" action="/upload" enctype="multipart/form-data">
<label>File <input type="file" name="file" required multiple></label>
<button>Upload</button>
</form></div>`;

function keptMarkup({ id, name, bytes }: Stored): string {
  return `<li><a href="/uploads/${id}">${escapeHtml(name)}</a> <span class="meta">${bytes.length} bytes</span></li>`;
}

function resultMarkup(files: readonly Received[]): string {
  const rows = files.map(({ id, name, size, sha256 }) => {
    const shown = escapeHtml(name);
    const link = id === undefined ? `${shown} (not kept)` : `<a href="/uploads/${id}">${shown}</a>`;
    return `<tr><td>${link}</td><td>${size}</td><td>${sha256}</td></tr>`;
  });
  const head =
    '<thead><tr><th scope="col">Name</th><th scope="col">Bytes</th><th scope="col">SHA-256</th></tr></thead>';
  return `<section class="card"><table>${head}<tbody>${rows.join('')}</tbody></table></section>`;
}
