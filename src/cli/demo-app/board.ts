// The notes and their comments, in memory and bounded: when the board is full, the oldest visible note leaves.
import type { Row } from './sql.ts';

export interface Comment {
  author: string;
  /** HTML as somebody typed it. */
  html: string;
  at: Date;
}

export interface Note {
  id: number;
  title: string;
  text: string;
  author: string;
  /** For administrators only; the search leaves it out, unless somebody talks it into showing it. */
  isHidden: boolean;
  at: Date;
  comments: Comment[];
}

export type NoteInput = Pick<Note, 'title' | 'text'>;

export const TITLE_LIMIT = 120;
export const TEXT_LIMIT = 4000;
export const COMMENT_LIMIT = 2000;
const MAX_NOTES = 200;
const MAX_COMMENTS = 20;

export class Board {
  readonly #notes = new Map<number, Note>();
  #lastId = 0;

  constructor() {
    for (const seed of SEEDS) this.#insert(seed);
    this.comment(1, 'ops', 'Comments take HTML: <b>bold</b>, <a href="/files">links</a> and more.');
  }

  /** Newest first. */
  list(withHidden: boolean): Note[] {
    return [...this.#notes.values()].filter((note) => withHidden || !note.isHidden).reverse();
  }

  /** Undefined when there is no such note, or it is hidden from whoever asks. */
  find(id: number, withHidden: boolean): Note | undefined {
    const note = this.#notes.get(id);
    return note?.isHidden && !withHidden ? undefined : note;
  }

  add(input: NoteInput, author: string): Note {
    const note = this.#insert({ ...input, author, isHidden: false });
    if (this.#notes.size > MAX_NOTES) {
      const oldest = [...this.#notes.values()].find(({ isHidden }) => !isHidden);
      if (oldest !== undefined) this.#notes.delete(oldest.id);
    }
    return note;
  }

  remove(id: number): void {
    this.#notes.delete(id);
  }

  /** False when there is no such note. The oldest comment leaves when there are too many. */
  comment(id: number, author: string, html: string): boolean {
    const comments = this.#notes.get(id)?.comments;
    if (comments === undefined) return false;
    comments.push({ author, html, at: new Date() });
    if (comments.length > MAX_COMMENTS) comments.shift();
    return true;
  }

  /** The table `notes`; its column of the same name holds all that a full-text search looks at. */
  rows(): Row[] {
    return [...this.#notes.values()].map(({ id, title, text, author, isHidden }) => {
      return { id, title, text, author, hidden: isHidden ? 1 : 0, notes: `${title} ${text}` };
    });
  }

  #insert(seed: Seed): Note {
    const note: Note = { id: ++this.#lastId, ...seed, at: new Date(), comments: [] };
    this.#notes.set(note.id, note);
    return note;
  }
}

/** The input as a note, or what is wrong with it, as a sentence. */
export function checkNote(title: unknown, text: unknown): NoteInput | string {
  if (typeof title !== 'string' || typeof text !== 'string') return 'A note has a title and a text, both strings.';
  if (title.trim() === '' || text.trim() === '') return 'Title and text must not be empty.';
  if (title.length > TITLE_LIMIT) return `A title has at most ${TITLE_LIMIT} characters.`;
  if (text.length > TEXT_LIMIT) return `A text has at most ${TEXT_LIMIT} characters.`;
  return { title, text };
}

type Seed = Pick<Note, 'title' | 'text' | 'author' | 'isHidden'>;

const SEEDS: readonly Seed[] = [
  {
    title: 'Welcome to the notes board',
    text: 'Leave a note, comment on one, look around. Everything here is kept in memory and gone when the app ends.',
    author: 'ops',
    isHidden: false,
  },
  {
    title: 'Admin only: the spare key',
    text: 'The old billing box still opens with correct-horse-battery. Change it before the audit. (This is made up.)',
    author: 'admin',
    isHidden: true,
  },
  {
    title: 'Restarting the build worker',
    text: 'ssh build-2, then: cd ../releases/current && ./restart.sh | tee /tmp/restart.log; cat /etc/hosts if it hangs.',
    author: 'mira',
    isHidden: false,
  },
  {
    title: 'Admin only: next quarter',
    text: 'The office moves in March. Nobody knows yet, so keep it off the public board. (This is made up too.)',
    author: 'admin',
    isHidden: true,
  },
  {
    title: 'Orders migration on Friday',
    text: "Before and after, run: SELECT count(*) FROM orders WHERE state = 'open' OR state = 'held'; -- the numbers must agree",
    author: 'jonas',
    isHidden: false,
  },
];
