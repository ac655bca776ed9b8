import { expect, test } from 'vitest';
import { Sticky } from '../../src/upstream/sticky.ts';

const one = { id: 'http://one.test/' };
const two = { id: 'http://two.test/' };
const sticky = new Sticky({ cookie: 'gh_node', secret: undefined }, 'secret', 'app', [one, two]);
const cookieFor = (server: typeof one): string => /=([^;]*)/.exec(sticky.setCookie(server))?.[1] ?? '';

test.for([
  { what: 'alone', cookie: `gh_node=${cookieFor(two)}`, server: two },
  { what: 'in quotes', cookie: `gh_node="${cookieFor(two)}"`, server: two },
  { what: 'behind one that is none', cookie: `gh_node=stale; a=1; gh_node=${cookieFor(two)}`, server: two },
  { what: 'before another', cookie: `gh_node=${cookieFor(one)}; gh_node=${cookieFor(two)}`, server: one },
  { what: 'in half a pair of quotes', cookie: `gh_node="${cookieFor(two)}`, server: undefined },
  { what: 'of another name', cookie: `node=${cookieFor(two)}`, server: undefined },
])('a cookie $what', ({ cookie, server }) => {
  expect(sticky.find(['cookie', cookie])).toBe(server);
});
