// The one HTML shell around every page. It works without scripts; only the clock needs one.
import { type Answer, escapeHtml, html, json } from './answer.ts';
import { STYLE } from './style.ts';
import { type Visit, wantsJson } from './visit.ts';

export interface Page {
  title: string;
  lead?: string;
  /** Markup below the heading. */
  main: string;
  status?: number;
}

/** A whole page, with the menu and whoever is logged in. Title and lead are text, `main` is markup. */
export function page(visit: Visit, { title, lead, main, status = 200 }: Page): Answer {
  return html(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Notes board</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(LOGO)}">
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><div class="wide">
<a class="brand" href="/">${LOGO}Notes board</a>
<nav aria-label="Pages"><ul>${MENU.map((item) => menuItem(item, visit.path)).join('')}</ul></nav>
<div class="status">${accountMarkup(visit)}<time class="clock" id="clock" title="Clock over WebSocket">--:--:--</time></div>
</div></header>
<main class="wide" id="main">
<div><h1>${escapeHtml(title)}</h1>${lead === undefined ? '' : `<p class="lead">${escapeHtml(lead)}</p>`}</div>
${main}
</main>
<footer><p class="wide">A sample app, full of holes on purpose. All that it holds is made up and lives in memory.</p></footer>
<script>${CLOCK_SCRIPT}</script>
</body>
</html>
`,
    status,
  );
}

/** An answer that says no, as a page for people and as JSON for programs. */
export function refusal(visit: Visit, status: number, message: string): Answer {
  if (wantsJson(visit)) return json({ error: message }, status);
  const main = '<p><a href="/">Back to the board</a></p>';
  return page(visit, { title: REFUSALS[status] ?? 'That did not work', lead: message, main, status });
}

export function time(at: Date): string {
  const iso = at.toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

const REFUSALS: Readonly<Record<number, string>> = {
  404: 'Nothing here',
  405: 'Not like this',
  413: 'Too large',
  500: 'Something broke',
};

const MENU: readonly [string, string][] = [
  ['/', 'Board'],
  ['/search', 'Search'],
  ['/login', 'Login'],
  ['/upload', 'Upload'],
  ['/files', 'Files'],
  ['/whoami', 'Who am I'],
];

function menuItem([path, label]: [string, string], current: string): string {
  return `<li><a href="${path}"${path === current ? ' aria-current="page"' : ''}>${label}</a></li>`;
}

function accountMarkup({ account }: Visit): string {
  if (account === undefined) return '';
  const name = escapeHtml(account.name);
  return `<form method="post" action="/logout">${name} <button class="quiet">Log out</button></form>`;
}

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true"><rect x="3" y="3" width="26" height="26" rx="6" fill="#1d5f68"/><path d="M9 11h14M9 16h14M9 21h8" stroke="#f4f1ea" stroke-width="2.4" stroke-linecap="round"/><circle cx="24" cy="23" r="4.5" fill="#e9a23b"/></svg>`;

const CLOCK_SCRIPT = `
(() => {
  const clock = document.getElementById('clock');
  const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';
  let waitMs = 500;
  const connect = () => {
    const socket = new WebSocket(scheme + location.host + '/clock');
    socket.onmessage = (event) => {
      const now = new Date(JSON.parse(event.data).time);
      clock.textContent = now.toLocaleTimeString([], { hour12: false });
      clock.dateTime = now.toISOString();
      clock.dataset.live = 'yes';
      waitMs = 500;
    };
    socket.onclose = () => {
      clock.dataset.live = 'no';
      setTimeout(connect, waitMs * (0.5 + Math.random() / 2));
      waitMs = Math.min(waitMs * 2, 30000);
    };
  };
  connect();
})();
`;
