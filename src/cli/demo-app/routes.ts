// Which path and method lead to which handler, all in one table.
import { createNote, deleteNote, listNotes, readNote, replaceNote } from './api.ts';
import { postComment, postNote, showBoard } from './board-page.ts';
import { files } from './files.ts';
import { login, logout, showLogin } from './login.ts';
import { search } from './search.ts';
import { download, events, slow } from './streams.ts';
import { downloadUpload, showUpload, upload } from './upload.ts';
import type { Handler } from './visit.ts';
import { whoami } from './whoami.ts';

export interface Route {
  handle: Handler;
  /** False: the handler reads the body itself. */
  takesText: boolean;
}

export type RouteMatch = { route: Route } | { allow: string } | undefined;

const ROUTES = new Map<string, Readonly<Record<string, Handler>>>([
  ['/', { GET: showBoard }],
  ['/notes', { POST: postNote }],
  ['/comments', { POST: postComment }],
  ['/search', { GET: search }],
  ['/login', { GET: showLogin, POST: login }],
  ['/logout', { POST: logout }],
  ['/upload', { GET: showUpload, POST: upload }],
  ['/uploads/*', { GET: downloadUpload }],
  ['/files', { GET: files }],
  ['/whoami', { GET: whoami }],
  ['/download', { GET: download }],
  ['/slow', { GET: slow }],
  ['/events', { GET: events }],
  ['/api/notes', { GET: listNotes, POST: createNote }],
  ['/api/notes/*', { GET: readNote, PUT: replaceNote, DELETE: deleteNote }],
]);

/** Undefined: no such path. `allow`: the path exists, for these methods. HEAD is answered as GET. */
export function findRoute(method: string, path: string): RouteMatch {
  const methods = ROUTES.get(path) ?? ROUTES.get(`${path.slice(0, path.lastIndexOf('/'))}/*`);
  if (methods === undefined) return undefined;
  const wanted = method === 'HEAD' ? 'GET' : method;
  const handle = Object.hasOwn(methods, wanted) ? methods[wanted] : undefined;
  if (handle === undefined) return { allow: Object.keys(methods).join(', ') };
  return { route: { handle, takesText: wanted !== 'GET' && handle !== upload } };
}
