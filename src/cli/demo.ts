// `gatehouse demo`, which is `npm start`: a hidden sample app behind a running gateway, with attacks to try.
import { networkInterfaces } from 'node:os';
import { Command } from 'commander';
import { ProblemsError } from '../base/errors.ts';
import { parseConfig } from '../config/load.ts';
import { openLocalCa } from '../tls/local-ca.ts';
import type { Attack } from './demo-app/attacks.ts';
import { DONE, report, say } from './outcome.ts';
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
        const text = configText(app.url, options);
        const { config, problems } = parseConfig(text, { file: '<demo>', baseDir: process.cwd(), env: {} });
        if (config === undefined || problems.length > 0) throw new ProblemsError(problems);
        const running = await serve(config);
        say(banner(running, openLocalCa(config.certificates.storage).rootPath, ATTACKS));
        await running.stopped;
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error);
      } finally {
        await app.close();
      }
    });
}

/** On the loopback interface only: the app is made to be broken into. */
function configText(url: string, { port, httpPort, adminPort }: DemoOptions): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  const hosts = hasIpv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
  return `listen:
  https: ${JSON.stringify(hosts.map((host) => `${host}:${port}`))}
  http: ${JSON.stringify(hosts.map((host) => `${host}:${httpPort}`))}
admin:
  socket: run/demo.sock
  http: ${JSON.stringify(`127.0.0.1:${adminPort}`)}
sites:
  localhost:
    to: ${url}
    waf: { rules: [core] }
  default:
    to: ${url}
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
  Status                      ${SELF} status --socket run/demo.sock

  Your browser warns once: the certificate is from Gatehouse's own local CA. To trust it on this machine:
  ${SELF} certs trust

  Five requests to try

${tries.map((text) => text.replaceAll(/^/gm, '  ')).join('\n\n')}

  Each request is a line of JSON below. Ctrl-C stops everything.
`;
}
