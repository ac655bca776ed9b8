// `gatehouse expose`: no file, serve one app now. It stands for a file, and prints it.
import { Command } from 'commander';
import { ProblemsError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { parseConfig } from '../config/load.ts';
import { endProcess, print, report, say } from './outcome.ts';
import { SELF } from './self.ts';
import { serve } from './serve.ts';

interface ExposeOptions {
  host: string;
  internal?: true;
  port: string;
  httpPort: string;
  adminPort: string;
  print?: true;
}

export function exposeCommand(): Command {
  return new Command('expose')
    .description('serve one app now, without a configuration file')
    .argument('<url>', 'where the app is: http://127.0.0.1:3000, or just 3000')
    .requiredOption('--host <name>', 'the name under which it is reached')
    .option('--internal', 'with a certificate of the local CA, for private names and for trying it out')
    .option('--port <port>', 'the https port', '443')
    .option('--http-port <port>', 'the port that redirects to https, or "off"', '80')
    .option('--admin-port <port>', 'the port of /healthz and /readyz on 127.0.0.1, or "off"', '9180')
    .option('--print', 'only print the file that this stands for')
    .action(async (url: string, options: ExposeOptions) => {
      try {
        const text = configText(/^\d+$/.test(url) ? `http://127.0.0.1:${url}` : url, options);
        const config = parse(text);
        say('This stands for the following gatehouse.yaml:\n');
        print(text.trimEnd());
        if (options.print === true) return;
        const { gateway, stopped } = await serve(config);
        const port = gateway.httpsPort === 443 ? '' : `:${gateway.httpsPort}`;
        say(`\n${url} is served at https://${options.host}${port}/ - Ctrl-C stops it.`);
        if (options.internal === true)
          say(`Its certificate is from the local CA; to make this machine trust it: ${SELF} certs trust`);
        await stopped;
        endProcess();
      } catch (error) {
        process.exitCode = report(error);
      }
    });
}

/** Only what differs from the defaults: the file that is printed should be the one a person would write. */
function configText(url: string, { host, internal, port, httpPort, adminPort }: ExposeOptions): string {
  const lines: string[] = [];
  if (port !== '443' || httpPort !== '80') {
    const http = httpPort === 'off' ? 'false' : JSON.stringify(`:${httpPort}`);
    lines.push('listen:', `  https: ${JSON.stringify(`:${port}`)}`, `  http: ${http}`);
  }
  if (adminPort !== '9180') {
    lines.push('admin:', `  http: ${adminPort === 'off' ? 'false' : JSON.stringify(`127.0.0.1:${adminPort}`)}`);
  }
  if (internal === true) lines.push('certificates:', '  issuer: internal');
  lines.push('sites:', `  ${JSON.stringify(host)}:`, `    to: ${JSON.stringify(url)}`, '    waf: { rules: [core] }');
  return `${lines.join('\n')}\n`;
}

function parse(text: string): Config {
  const { config, problems } = parseConfig(text, { file: '<command line>', baseDir: process.cwd(), env: {} });
  if (config === undefined || problems.length > 0) throw new ProblemsError(problems);
  return config;
}
