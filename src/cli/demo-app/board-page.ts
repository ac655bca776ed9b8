// The board: reading notes, posting one, commenting on one.
import { type Answer, escapeHtml, seeOther } from './answer.ts';
import { COMMENT_LIMIT, type Comment, checkNote, type Note, TEXT_LIMIT, TITLE_LIMIT } from './board.ts';
import { page, refusal, time } from './page.ts';
import { searchForm } from './search.ts';
import { formFields, type Visit } from './visit.ts';

const NOTES_SHOWN = 40;

export function showBoard(visit: Visit): Answer {
  const notes = visit.app.board.list(visit.account?.isAdmin ?? false).slice(0, NOTES_SHOWN);
  return page(visit, {
    title: 'Board',
    lead: 'What the team wants to remember. Anyone may post and comment.',
    main: `<div class="columns">
<div class="stack">${searchForm('')}
<section class="stack" aria-label="Notes">${notes.map(noteMarkup).join('\n')}</section></div>
<aside class="card"><h2>New note</h2>${NOTE_FORM}</aside>
</div>`,
  });
}

export function postNote(visit: Visit): Answer {
  const fields = formFields(visit);
  if (fields === undefined) return refusal(visit, 415, 'Send the fields of the form, please.');
  const input = checkNote(fields.get('title'), fields.get('text'));
  if (typeof input === 'string') return refusal(visit, 400, input);
  const note = visit.app.board.add(input, visit.account?.name ?? 'guest');
  return seeOther(`/#note-${note.id}`);
}

export function postComment(visit: Visit): Answer {
  const fields = formFields(visit);
  if (fields === undefined) return refusal(visit, 415, 'Send the fields of the form, please.');
  const note = visit.app.board.find(Number(fields.get('note')), visit.account?.isAdmin ?? false);
  if (note === undefined) return refusal(visit, 404, 'There is no such note.');
  const text = fields.get('comment') ?? '';
  if (text.trim() === '' || text.length > COMMENT_LIMIT) {
    return refusal(visit, 400, `A comment has 1 to ${COMMENT_LIMIT} characters.`);
  }
  visit.app.board.comment(note.id, visit.account?.name ?? 'guest', text);
  return seeOther(`/#note-${note.id}`);
}

const NOTE_FORM = `<form class="stack" method="post" action="/notes">
<label>Title <input name="title" required maxlength="${TITLE_LIMIT}"></label>
<label>Text <textarea name="text" required maxlength="${TEXT_LIMIT}" rows="5"></textarea></label>
<button>Post note</button>
</form>`;

function noteMarkup(note: Note): string {
  return `<article class="card${note.isHidden ? ' hidden' : ''}" id="note-${note.id}">
<h2>${escapeHtml(note.title)}</h2>
<p class="meta">${note.isHidden ? '<span class="tag">Hidden</span> · ' : ''}${escapeHtml(note.author)} · ${time(note.at)}</p>
<p class="text">${escapeHtml(note.text)}</p>
${note.comments.map(commentMarkup).join('\n')}
<details><summary>Comment</summary>
<form class="stack" method="post" action="/comments">
<input type="hidden" name="note" value="${note.id}">
<label>Your comment, in HTML <textarea name="comment" required maxlength="${COMMENT_LIMIT}" rows="2"></textarea></label>
<button>Send comment</button>
</form></details>
</article>`;
}

/** Hole (CWE-79, stored): a comment's HTML is shown as it came, scripts and all. */
function commentMarkup({ author, at, html }: Comment): string {
  return `<div class="comment"><div>${html}</div><p class="meta">${escapeHtml(author)} · ${time(at)}</p></div>`;
}
