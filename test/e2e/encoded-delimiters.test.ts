// An encoded slash is a slash to some servers and a part of a segment to others, an encoded question or number sign the
// end of the path to some: where that makes a difference to who guards the path, the request has two readings.
import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

describeProtocols('a path with an encoded delimiter', (over) => {
  test.for([
    ['/users/a%2Fb/private', 400],
    ['/admin%2Fusers', 400],
    ['/users%2Fa/private', 400],
    ['/admin/a%2Fb', 403],
    ['/users/a/private', 403],
    ['/projects/group%2Fproject/files', 200],
    ['/projects/100%25%20sure', 200],
    ['/admin%3Fx', 400],
    ['/admin%23', 400],
    ['/users%3F/a/private', 200],
    ['/users/a%23/private', 400],
    ['/users/a/private%3F', 400],
    ['/users/%3Fa/private', 400],
    ['/projects/who%3F%20me%23', 200],
  ] as const)('%s gets %i', async ([path, status]) => {
    const { url } = await startBackend();
    const closed = 'access: { allow: [10.0.0.1], deny: [0.0.0.0/0] }';
    const world = await startGateway(
      [
        'sites:',
        '  localhost:',
        `    to: "${url}"`,
        '    routes:',
        `      - { match: { path: "/admin/**" }, ${closed} }`,
        `      - { match: { path: "/users/*/private" }, ${closed} }`,
      ].join('\n'),
    );
    expect((await request(over, world, { path })).status).toBe(status);
  });
});
