import { expect, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { describeProtocols, request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';

describeProtocols('a preset of response headers', (over) => {
  test('adds what the application does not say, and set has the last word', async () => {
    const backend = await startBackend((seen, response) => {
      if (seen.url === '/own') response.setHeader('content-security-policy', "default-src 'none'");
      response.end('hello');
    });
    const world = await startGateway(`
sites:
  localhost:
    to: "${backend.url}"
    headers: { response: { preset: strict, set: { referrer-policy: same-origin } } }
    routes:
      - { match: { path: /embed/** }, headers: { response: { preset: basic } } }
      - { match: { path: /bare/** }, headers: { response: { preset: false } } }`);
    const strict = (await request(over, world)).headers;
    expect(strict).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'referrer-policy': 'same-origin',
    });
    const own = (await request(over, world, { path: '/own' })).headers;
    expect(own['content-security-policy']).toBe("default-src 'none'");
    const embed = (await request(over, world, { path: '/embed/x' })).headers;
    expect(embed['x-frame-options']).toBe('SAMEORIGIN');
    expect(embed).not.toHaveProperty('content-security-policy');
    const bare = (await request(over, world, { path: '/bare/x' })).headers;
    expect(bare).not.toHaveProperty('x-frame-options');
  });
});
