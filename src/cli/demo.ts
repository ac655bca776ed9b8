// `gatehouse demo`, which is `npm start`: a hidden sample app behind a running gateway, with attacks to try.
import { existsSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { ensureFolder } from '../base/folder.ts';
import type { Config } from '../config/config.ts';
import { openLocalCa } from '../tls/local-ca.ts';
import type { Attack } from './demo-app/attacks.ts';
import { endProcess, report, say } from './outcome.ts';
import { readConfig } from './read-config.ts';
import { SELF } from './self.ts';
import { type Running, serve } from './serve.ts';

interface DemoOptions {
  port: string;
  httpPort: string;
  adminPort: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('a hidden sample app behind a running gateway, with attacks to try')
    .option('--port <port>', 'the https port', '8443')
    .option('--http-port <port>', 'the port that redirects to https', '8080')
    .option('--admin-port <port>', 'the port of /healthz and /readyz', '9180')
    .action(async (options: DemoOptions) => {
      // Loaded here, so that a gateway in earnest never carries the sample app.
      const { startDemoApp } = await import('./demo-app/server.ts');
      const { ATTACKS } = await import('./demo-app/attacks.ts');
      const app = await startDemoApp();
      try {
        keepConfig();
        const read = (): Config => readConfig(FILE, environment(app.url, options));
        const config = read();
        const running = await serve(config, { read, isWatching: true });
        say(banner(running, openLocalCa(config.certificates.storage).rootPath, ATTACKS));
        await running.stopped;
        await app.close();
        endProcess();
      } catch (error) {
        process.exitCode = report(error);
      } finally {
        await app.close();
      }
    });
}

/** A file like any other, so that rules can be tuned in it; it stays when the demo ends. */
const FILE = path.join('run', 'demo.yaml');

function keepConfig(): void {
  ensureFolder('run', 0o750);
  if (!existsSync(FILE)) writeFileSync(FILE, configText());
}

/** What the file leaves open: where the app listens is new each time. */
function environment(app: string, { port, httpPort, adminPort }: DemoOptions): Record<string, string> {
  return { DEMO_APP: app, DEMO_PORT: port, DEMO_HTTP_PORT: httpPort, DEMO_ADMIN_PORT: adminPort };
}

/** On the loopback interface only: the app is made to be broken into. */
function configText(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  const hosts = hasIpv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
  const on = (port: string): string => JSON.stringify(hosts.map((host) => `${host}:${port}`));
  return `# The demo's gateway. Change what you like, it is taken up at once; delete the file to begin anew.
listen:
  https: ${on('${DEMO_PORT:-8443}')}
  http: ${on('${DEMO_HTTP_PORT:-8080}')}
admin:
  socket: demo.sock
  http: "127.0.0.1:${'${DEMO_ADMIN_PORT:-9180}'}"
certificates: { storage: ../certs }
record: { dir: traffic, sample: 100% } # for rules replay
sites:
  localhost:
    to: "${'${DEMO_APP:-http://127.0.0.1:3000}'}"
    waf:
      mode: block # detect: everything passes, and the log says what would have been blocked
      rules: [core]
  default:
    to: "${'${DEMO_APP:-http://127.0.0.1:3000}'}"
    waf: { rules: [core] }
`;
}

function banner({ gateway, adminPort }: Running, rootPem: string, attacks: readonly Attack[]): string {
  const base = `https://localhost:${gateway.httpsPort}`;
  const tries = attacks.map(
    ({ title, curl, expect }, i) => `${i + 1}. ${title}\n   ${curl(base, rootPem)}\n   -> ${expect}`,
  );
  return `
  Gatehouse is running, with a sample app hidden behind it.

  The app, for your browser   ${base}/
  The same, redirected        http://localhost:${gateway.addresses.http[0]?.port}/
  Health                      http://127.0.0.1:${adminPort}/healthz and /readyz
  Status                      ${SELF} status -c run/demo.yaml
  Configuration               run/demo.yaml

  Blocked where you should not be? The page has an id; this says why, and what to do:
  ${SELF} rules explain ID -c run/demo.yaml

  Your browser warns once: the certificate is from Gatehouse's own local CA. To trust it on this machine:
  ${SELF} certs trust

  Five requests to try

${tries.map((text) => text.replaceAll(/^/gm, '  ')).join('\n\n')}

  Each request is a line of JSON below. Ctrl-C stops everything.
`;
}
