// A wildcard, proved by a TXT record that a script sets where a CNAME leads: against real pebble and its DNS.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Pebble } from '../support/acme/pebble.ts';
import { freePort } from '../support/acme/ports.ts';
import { hasComponent } from '../support/components.ts';
import { startGateway } from '../support/world.ts';

test.skipIf(!hasComponent('pebble') || !hasComponent('curl'))(
  'a wildcard is certified through a script, and serves the sites below it',
  { timeout: 60_000 },
  async () => {
    const [httpPort, tlsPort] = [await freePort(), await freePort()];
    await using ca = await Pebble.start({ httpPort, tlsPort });
    await ca.dns.setCname('_acme-challenge.apps.example.com', 'proofs.example.net');
    const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-wildcard-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const script = path.join(folder, 'txt.sh');
    await writeFile(
      script,
      `#!/bin/sh
set -e
echo "$1 $2" >> ${folder}/calls
if [ "$1" = present ]; then verb=set-txt; else verb=clear-txt; fi
curl -fsS -d "{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}" ${ca.dns.management}/$verb
`,
    );
    await chmod(script, 0o755);

    const { gateway } = await startGateway(`
listen: { https: "127.0.0.1:${tlsPort}", http: false }
certificates:
  acme:
    directory: "${ca.directory}"
    trustedRoots: "${ca.rootsFile}"
    dns: { provider: exec, command: "${script}", resolvers: "${ca.dns.address}", propagationCheck: resolvers }
sites:
  "*.apps.example.com": { to: "http://127.0.0.1:1" }
  one.apps.example.com: { to: "http://127.0.0.1:1" }
`);
    await vi.waitFor(() => expect(gateway.keeper?.status()).toMatchObject([{ state: 'ready' }]), {
      timeout: 30_000,
      interval: 50,
    });
    expect(gateway.keeper?.status().map(({ name }) => name)).toEqual(['*.apps.example.com']);
    const shown = await vi.waitFor(() => {
      const certificate = gateway.runtime.certificates.select('one.apps.example.com');
      expect(certificate?.source).toBe('acme');
      return certificate;
    });
    expect(shown?.names).toEqual(['*.apps.example.com']);
    expect(gateway.runtime.certificates.select('other.apps.example.com')).toBe(shown);
    expect(await ca.dns.history('proofs.example.net')).not.toEqual([]);
  },
);
