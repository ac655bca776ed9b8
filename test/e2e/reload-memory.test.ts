// After any number of reloads a gateway holds what it held after the first ones: nothing of a configuration stays behind
// that is no longer in force.
import { readdirSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { startBackend } from '../support/backend.ts';
import { request } from '../support/client.ts';
import { startGateway } from '../support/world.ts';
import { makeLeaf } from '../tls/material.ts';

const RELOADS = 12;
/** The one in force, the one before, and what has not been let go of yet: a connection that is about to close, say. */
const MAY_BE_HELD = 4;

test('whatever a reload changes, nothing of the configurations before is held', async () => {
  const made = new Map<string, WeakRef<object>[]>();
  const note = (kind: string, thing: object | undefined): void => {
    if (thing !== undefined) made.getOrInsertComputed(kind, () => []).push(new WeakRef(thing));
  };
  const { createSecureServer } = http2;
  // A spy would hold what it has seen.
  http2.createSecureServer = ((...options: Parameters<typeof createSecureServer>) => {
    const server = createSecureServer(...options);
    note('server', server);
    return server;
  }) as typeof createSecureServer;
  onTestFinished(() => {
    http2.createSecureServer = createSecureServer;
  });
  const { url } = await startBackend((_, response) => response.end('here'));
  const world = await startGateway(`sites: { localhost: { to: "${url}" } }`);
  const held: number[] = [];
  for (let i = 0; i < RELOADS; i++) {
    const { certPem, keyPem } = makeLeaf(['files.test']);
    writeFileSync(path.join(world.folder, 'leaf.pem'), certPem + keyPem);
    writeFileSync(path.join(world.folder, 'own.conf'), `SecRule ARGS "@rx x${i}" "id:${1 + i},phase:2,deny"\n`);
    await world.gateway.reload(world.config(yamlOf(url, i)));
    for (const over of ['h2', 'http/1.1'] as const) expect((await request(over, world)).status).toBe(200);
    const { runtime } = world.gateway;
    note('runtime', runtime);
    note('rules', runtime.guards?.plans.values().next().value);
    note('certificate', runtime.certificates.select('files.test'));
    note('context', runtime.certificates.select('files.test')?.context);
    note('group', runtime.upstreams.get(`passing-${i}`));
    note('cache', runtime.caches.find('localhost'));
    held.push(readdirSync('/proc/self/fd').length);
  }
  expect(new Set(made.values().map((all) => all.length >= RELOADS))).toEqual(new Set([true]));
  await turn();
  collectGarbage();
  for (const [kind, all] of made) {
    const alive = new Set(all.flatMap((each) => each.deref() ?? [])).size;
    expect(alive, `${kind} still held`).toBeLessThanOrEqual(MAY_BE_HELD);
  }
  const [first = 0] = held.splice(0, RELOADS / 2);
  expect(Math.max(...held) - first, 'descriptors').toBeLessThan(RELOADS / 2);
});

/** Differs in all that a process keeps something for. */
function yamlOf(url: string, count: number): string {
  return `
timeouts: { idle: ${10 + count}s }
logs: { level: silent, access: "access-${count}.log", waf: false, redact: [x-${count}] }
upstreams:
  app: { servers: ["${url}"], maxConnections: ${10 + count}, health: { path: "/${count}", interval: 1h } }
  passing-${count}: { servers: ["${url}"] }
sites:
  localhost:
    to: app
    waf: { rules: [own.conf] }
    limits: [{ name: all, key: client.ip, rate: ${1000 + count}/s }]
    cache: { maxSize: ${1 + count}MiB }
  site-${count}.test: { to: passing-${count}, waf: { mode: off } }
  files.test: { to: app, waf: { mode: off }, certificate: { cert: leaf.pem, key: leaf.pem } }`;
}

function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc');
  (vm.runInNewContext('gc') as () => void)();
}
