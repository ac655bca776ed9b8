// Logging in and out, with a form and a session cookie.
import type { IncomingMessage } from 'node:http';
import { type Answer, seeOther } from './answer.ts';
import { page, refusal } from './page.ts';
import { faultMarkup, sqlMarkup } from './search.ts';
import { formFields, type Visit } from './visit.ts';

const FIELD_LIMIT = 200;

export function showLogin(visit: Visit): Answer {
  return page(visit, {
    title: 'Login',
    lead: visit.account === undefined ? 'Administrators also see the hidden notes.' : `You are ${visit.account.name}.`,
    main: LOGIN_FORM,
  });
}

export function login(visit: Visit): Answer {
  const fields = formFields(visit);
  if (fields === undefined) return refusal(visit, 415, 'Send the fields of the form, please.');
  const name = fields.get('user') ?? '';
  const password = fields.get('password') ?? '';
  if (name.length > FIELD_LIMIT || password.length > FIELD_LIMIT) {
    return refusal(visit, 400, `Name and password have at most ${FIELD_LIMIT} characters.`);
  }
  const result = visit.app.accounts.check(name, password);
  if ('account' in result) return welcome(visit, visit.app.accounts.open(result.account));

  const { sql, fault } = result;
  const why = fault === undefined ? '<p class="fault">Wrong name or password.</p>' : faultMarkup(fault);
  const answer = page(visit, { title: 'Login', main: why + LOGIN_FORM + sqlMarkup(sql), status: fault ? 500 : 401 });
  // RFC 9110, 15.5.2: a 401 carries a challenge; browsers pass over a scheme they do not know.
  if (answer.status === 401) answer.headers['www-authenticate'] = 'Form realm="notes board"';
  return answer;
}

export function logout(visit: Visit): Answer {
  visit.app.accounts.close(visit.request);
  return seeOther('/', { 'set-cookie': `session=; Domain=${ownHost(visit.request)}; Path=/; HttpOnly; Max-Age=0` });
}

/** Names its own address, as apps do that were never meant to be reached through anything. */
function welcome({ request }: Visit, session: string): Answer {
  const host = ownHost(request);
  return seeOther(`http://${host}:${request.socket.localPort}/`, {
    'set-cookie': `session=${session}; Domain=${host}; Path=/; HttpOnly`,
  });
}

function ownHost({ socket }: IncomingMessage): string {
  return socket.localAddress ?? '127.0.0.1';
}

const LOGIN_FORM = `<div class="card narrow"><form class="stack" method="post" action="/login">
<label>Name <input name="user" required maxlength="${FIELD_LIMIT}" autocomplete="username"></label>
<label>Password <input name="password" type="password" required maxlength="${FIELD_LIMIT}" autocomplete="current-password"></label>
<button>Log in</button>
</form><p class="hint">A member: demo / demo. The password of the administrator is a secret, or should be.</p></div>`;
