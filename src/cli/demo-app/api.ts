// The notes as JSON. Texts may hold anything that developers write to each other, and are only ever data here.
import { type Answer, json, noContent } from './answer.ts';
import { checkNote, type Note, type NoteInput } from './board.ts';
import { refusal } from './page.ts';
import type { Visit } from './visit.ts';

export function listNotes(visit: Visit): Answer {
  return json({ notes: visit.app.board.list(isAdmin(visit)).map(noteJson) });
}

export function readNote(visit: Visit): Answer {
  const note = findNote(visit);
  return note === undefined ? missing(visit) : json(noteJson(note));
}

export function createNote(visit: Visit): Answer {
  const input = noteInput(visit);
  if ('status' in input) return input;
  const note = visit.app.board.add(input, visit.account?.name ?? 'guest');
  return json(noteJson(note), 201, { location: `/api/notes/${note.id}` });
}

export function replaceNote(visit: Visit): Answer {
  const note = findNote(visit);
  if (note === undefined) return missing(visit);
  const input = noteInput(visit);
  if ('status' in input) return input;
  return json(noteJson(Object.assign(note, input)));
}

export function deleteNote(visit: Visit): Answer {
  const note = findNote(visit);
  if (note === undefined) return missing(visit);
  visit.app.board.remove(note.id);
  return noContent();
}

function isAdmin(visit: Visit): boolean {
  return visit.account?.isAdmin ?? false;
}

function findNote(visit: Visit): Note | undefined {
  return visit.app.board.find(Number(visit.path.slice('/api/notes/'.length)), isAdmin(visit));
}

function missing(visit: Visit): Answer {
  return refusal(visit, 404, 'There is no such note.');
}

function noteInput(visit: Visit): NoteInput | Answer {
  if (!/^application\/json\s*(;|$)/i.test(visit.request.headers['content-type'] ?? '')) {
    return refusal(visit, 415, 'Send application/json.');
  }
  const value = parseJson(visit.body);
  if (typeof value !== 'object' || value === null) return refusal(visit, 400, 'Send a JSON object.');
  const { title, text } = value as { title?: unknown; text?: unknown };
  const input = checkNote(title, text);
  return typeof input === 'string' ? refusal(visit, 400, input) : input;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noteJson({ id, title, text, author, at, comments }: Note): unknown {
  return { id, title, text, author, at: at.toISOString(), comments: comments.length };
}
