// The request as it arrived here, after whatever stands in front of the app has had its way with it.
import { type Answer, escapeHtml, json } from './answer.ts';
import { page } from './page.ts';
import { type Visit, wantsJson } from './visit.ts';

export function whoami(visit: Visit): Answer {
  const { method, url, httpVersion, rawHeaders, socket } = visit.request;
  const facts = {
    account: visit.account?.name ?? 'guest',
    peer: socket.remoteAddress ?? 'gone',
    request: `${method} ${url} HTTP/${httpVersion}`,
  };
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  if (wantsJson(visit)) return json({ ...facts, headers });
  return page(visit, {
    title: 'Who am I',
    lead: 'Your request as it reached this app: who connected to it, and every header field.',
    main: tableMarkup('Connection', Object.entries(facts)) + tableMarkup('Header fields', headers),
  });
}

function tableMarkup(title: string, rows: readonly [string, string][]): string {
  const markup = rows.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<section class="card"><h2>${title}</h2><table><tbody>${markup.join('')}</tbody></table></section>`;
}
