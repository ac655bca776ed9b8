// The real pebble, started by the rig, gives certificates to an independent client.
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pebble, PebbleOptions } from '../support/acme/pebble.ts';
import { startPebble } from '../support/acme/pebble.ts';
import { freePort } from '../support/acme/ports.ts';
import { hasComponent } from '../support/components.ts';
import { newAccount, obtain } from './client.ts';
import { Responder } from './responder.ts';

interface Rig {
  readonly pebble: Pebble;
  readonly responder: Responder;
  readonly setup: { directory: string; rootPem: string };
  end(): Promise<void>;
}

async function startRig(options: Omit<PebbleOptions, 'httpPort' | 'tlsPort'> = {}): Promise<Rig> {
  const ports = { httpPort: await freePort(), tlsPort: await freePort() };
  const responder = await Responder.start(ports);
  const pebble = await startPebble({ ...ports, ...options });
  responder.onTxt = (name, value) => pebble.dns.addTxt(name, value);
  return {
    pebble,
    responder,
    setup: { directory: pebble.directory, rootPem: pebble.rootsPem },
    end: async () => {
      await pebble.stop();
      await responder[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!hasComponent('pebble') || !hasComponent('pebble-challtestsrv'))('pebble', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig({ blocked: ['blocked.example'], certificateValiditySeconds: 3600 });
  });
  afterAll(() => rig.end());

  test.for([
    ['http-01', 'a.example.com'],
    ['tls-alpn-01', 'b.example.com'],
    ['dns-01', '*.c.example.com'],
    ['http-01', '127.0.0.1'],
  ] as const)('%s for %s', async ([type, name]) => {
    const client = await newAccount(rig.setup);
    const { pem } = await obtain(client, { names: [name], type, responder: rig.responder });
    const leaf = new X509Certificate(pem);
    expect(leaf.subjectAltName).toContain(name);
    const [intermediate] = pem.split(/(?=-----BEGIN)/).slice(1);
    const root = new X509Certificate(await rig.pebble.issuerRoot());
    expect(new X509Certificate(intermediate as string).verify(root.publicKey)).toBe(true);
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBeLessThanOrEqual(3600_000);
  });

  test('refuses a name on its list', async () => {
    const client = await newAccount(rig.setup);
    await expect(client.createOrder({ identifiers: [{ type: 'dns', value: 'a.blocked.example' }] })).rejects.toThrow(
      /forbidden by policy/,
    );
  });

  test('is down, then up at the same address with what it knew', async () => {
    const client = await newAccount(rig.setup);
    await rig.pebble.down();
    await expect(fetch(rig.pebble.directory)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await rig.pebble.up();
    await expect(client.updateAccount({ contact: ['mailto:new@example.com'] })).resolves.toMatchObject({
      contact: ['mailto:new@example.com'],
    });
  });

  test('is silent while paused', async () => {
    const client = await newAccount(rig.setup);
    rig.pebble.pause();
    const answer = client.createOrder({ identifiers: [{ type: 'dns', value: 'a.example.com' }] });
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))]);
    expect(first).toBe('silence');
    rig.pebble.resume();
    await expect(answer).resolves.toMatchObject({ status: 'pending' });
  });

  test('starts anew at the same address and knows nothing', async () => {
    const fresh = await startRig();
    try {
      const client = await newAccount(fresh.setup);
      await fresh.pebble.restart();
      const order = client.createOrder({ identifiers: [{ type: 'dns', value: 'a.example.com' }] });
      await expect(order).rejects.toThrow(/account/i);
    } finally {
      await fresh.end();
    }
  });

  test('asks for an account elsewhere', async () => {
    const bound = await startRig({
      externalAccountBindings: { 'key-1': 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' },
    });
    try {
      await expect(newAccount(bound.setup)).rejects.toThrow(/externalAccountBinding/);
      const eab = { kid: 'key-1', hmacKey: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' };
      await expect(newAccount({ ...bound.setup, eab })).resolves.toBeDefined();
    } finally {
      await bound.end();
    }
  });

  test('its resolver knows the records it was told', async () => {
    await rig.pebble.dns.setServfail('lost.example.com');
    const client = await newAccount(rig.setup);
    const wish = { names: ['lost.example.com'], type: 'http-01', responder: rig.responder } as const;
    await expect(obtain(client, wish)).rejects.toThrow(/could not resolve/);
  });
});
