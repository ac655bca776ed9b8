// Downloads from a tree of files that exists only here. The path is joined without a check, as in so many apps.
import { posix } from 'node:path';
import { type Answer, escapeHtml, plain } from './answer.ts';
import { page, refusal } from './page.ts';
import type { Visit } from './visit.ts';

const ROOT = '/srv/notes/files';

/** Hole (CWE-22): `../../../etc/passwd` leaves the folder, though never this map. */
const TREE = new Map([
  [`${ROOT}/handbook.txt`, 'House rules\n\n1. Write it down.\n2. Tell somebody.\n3. Then change it.\n'],
  [
    `${ROOT}/roadmap.txt`,
    'Spring: search that forgives typing errors\nSummer: notes by mail\nAutumn: less of everything\n',
  ],
  [`${ROOT}/lunch.csv`, 'day,dish\nMonday,lentils\nTuesday,dumplings\nWednesday,whatever is left\n'],
  ['/srv/notes/config.ini', '[database]\nhost = db-1.internal\nuser = notes\npassword = made-up-as-well\n'],
  ['/etc/hostname', 'notes-1\n'],
  [
    '/etc/passwd',
    [
      'root:x:0:0:root:/root:/bin/bash',
      'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
      'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin',
      'notes:x:1000:1000:A file made up for the demo:/srv/notes:/bin/sh',
      '',
    ].join('\n'),
  ],
]);

export function files(visit: Visit): Answer {
  const name = visit.query.get('name');
  if (name === null) return listFiles(visit);
  const text = TREE.get(posix.join(ROOT, name.replaceAll('\\', '/')));
  return text === undefined ? refusal(visit, 404, 'There is no such file.') : plain(text);
}

function listFiles(visit: Visit): Answer {
  const names = [...TREE.keys()].filter((path) => path.startsWith(`${ROOT}/`)).map((path) => posix.basename(path));
  const item = (name: string): string =>
    `<li><a href="/files?name=${encodeURIComponent(name)}">${escapeHtml(name)}</a></li>`;
  return page(visit, {
    title: 'Files',
    lead: 'Things to take with you.',
    main: `<section class="card"><h2>Documents</h2><ul>${names.map(item).join('')}</ul></section>
<section class="card"><h2>Large, slow and endless</h2><ul>
<li><a href="/download?mib=10">10 MiB</a> and <a href="/download?mib=1024">1 GiB</a> of bytes</li>
<li><a href="/slow?ms=3000">An answer that takes three seconds</a></li>
<li><a href="/events">A stream of events, one each second</a></li>
</ul></section>`,
  });
}
