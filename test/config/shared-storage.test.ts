import { expect, test } from 'vitest';
import { configOf, messagesOf, someSite } from './reading.ts';

const shared = 'shared: redis://10.0.0.9\n';

test('storage: shared keeps certificates in the shared store, and a copy in a folder', () => {
  expect(configOf(`${shared}certificates: { storage: shared }\n${someSite}`).certificates).toMatchObject({
    isShared: true,
    storage: '/etc/gatehouse/certs',
  });
  const { certificates } = configOf(`${shared}certificates: { storage: shared, copy: /var/lib/copy }\n${someSite}`);
  expect(certificates.storage).toBe('/var/lib/copy');
  expect(configOf(`${shared}certificates: { storage: ./shared }\n${someSite}`).certificates).toMatchObject({
    isShared: false,
    storage: '/etc/gatehouse/shared',
  });
});

test('without a shared store it is a fault', () => {
  expect(messagesOf(`certificates: { storage: shared }\n${someSite}`)).toEqual([
    expect.stringMatching(/^certificates.storage: .*write shared: redis:\/\/HOST beside certificates$/),
  ]);
});

test('a short secret is a fault, and is not repeated', () => {
  const [message, ...others] = messagesOf(
    `shared: { url: "redis://10.0.0.9", secret: "\${S}" }\ncertificates: { storage: shared }\n${someSite}`,
    { S: 'hunter2' },
  );
  expect(message).toMatch(/shared.secret: .*is shorter than 16 characters/);
  expect(message).not.toContain('hunter2');
  expect(others).toEqual([]);
});
