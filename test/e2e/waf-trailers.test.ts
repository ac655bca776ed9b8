import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { startGuarded } from '../support/guarded.ts';

const RULES = `SecRule REQUEST_HEADERS:x-note "@contains attack" "id:1,phase:2,deny"`;

describeProtocols('fields behind the body', (over) => {
  test.for([
    ['attack', 403],
    ['harmless', 200],
  ] as const)('are seen by the rules before anything of the request goes on: %s', async ([note, status]) => {
    const app = await startBackend();
    const world = await startGuarded({ rules: RULES, to: app.url });
    const options = { method: 'POST', body: 'text', trailers: { 'x-note': note } };
    expect((await request(over, world, options)).status).toBe(status);
    expect(app.seen).toHaveLength(status === 200 ? 1 : 0);
  });
});
