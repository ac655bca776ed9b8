// `gatehouse certs export`: the local CA's root, or what is served under a name. A key goes into a file that only its
// owner may read, never to stdout.
import path from 'node:path';
import { Command } from 'commander';
import { GatehouseError, ProblemsError } from '../../base/errors.ts';
import type { Certificate } from '../../tls/certificate.ts';
import { replaceFile } from '../../tls/files.ts';
import { openLocalCa } from '../../tls/local-ca.ts';
import { coversName, isCertificateName, normalName } from '../../tls/names.ts';
import { loadCertificates } from '../../tls/sites.ts';
import { certificateStatus } from '../certificate-status.ts';
import { CONFIG_OPTION, JSON_OPTION } from '../options.ts';
import { DONE, print, printJson, report, say } from '../outcome.ts';
import { readConfig } from '../read-config.ts';
import { SELF } from '../self.ts';
import { storageOf } from './storage.ts';

interface Options {
  readonly config: string;
  readonly root?: true;
  readonly out?: string;
  readonly json?: true;
}

export function exportCommand(): Command {
  return new Command('export')
    .description("print the local CA's root, or a certificate that is served; write it with its key")
    .argument('[name]', 'a host name: its chain is printed, leaf first')
    .option('--root', "print the local CA's root certificate")
    .option('--out <folder>', 'write chain and key of the name there, as NAME.pem and NAME.key')
    .addOption(CONFIG_OPTION())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      `
  ${SELF} certs export --root > root.pem && curl --cacert root.pem https://localhost:8443/
  ${SELF} certs export app.example.com --out backup/`,
    )
    .action(async (name: string | undefined, options: Options) => {
      try {
        if (options.root === true && name === undefined) exportRoot(options);
        else if (options.root !== true && name !== undefined) await exportName(name, options);
        else throw wrongCall('Name one thing to export: a host name, or --root.');
        process.exitCode = DONE;
      } catch (error) {
        process.exitCode = report(error, options.json);
      }
    });
}

function exportRoot({ config, out, json }: Options): void {
  if (out !== undefined) throw wrongCall("--out is for a name; the root's certificate goes to stdout.");
  const { rootPem, rootPath, rootNotAfter } = openLocalCa(storageOf(config));
  if (json) printJson({ rootPath, rootPem, notAfter: rootNotAfter.toISOString() });
  else print(rootPem.trimEnd());
  say(`The root is stored in ${rootPath}. To make this machine trust it: ${SELF} certs trust`);
}

async function exportName(written: string, { config, out, json }: Options): Promise<void> {
  const name = normalName(written);
  const certificate = await servedUnder(name, config);
  const files = out === undefined ? undefined : write(name, certificate, path.resolve(out));
  if (json) printJson({ ...certificateStatus(certificate), chainPem: certificate.chainPem, ...files });
  else if (files === undefined) print(certificate.chainPem.trimEnd());
  else say(`${files.chainPath} holds the chain, ${files.keyPath} the private key: keep it to yourself.`);
}

async function servedUnder(name: string, config: string): Promise<Certificate> {
  const { selector, problems } = await loadCertificates(readConfig(config));
  if (problems.length > 0) throw new ProblemsError(problems);
  const certificate = isCertificateName(name) ? selector.select(name) : undefined;
  // The default certificate is shown for every unknown name and vouches for none of them.
  if (certificate === undefined || (certificate === selector.default && !coversName(certificate, name))) {
    throw wrongCall(`No site is served as ${JSON.stringify(name)}. ${SELF} certs list shows the names.`);
  }
  return certificate;
}

function write(name: string, certificate: Certificate, folder: string): { chainPath: string; keyPath: string } {
  const stem = path.join(folder, name.replace('*', '_wildcard').replaceAll(/[^a-z0-9._-]/g, '-'));
  const files = { chainPath: `${stem}.pem`, keyPath: `${stem}.key` };
  replaceFile(files.keyPath, certificate.keyPem);
  replaceFile(files.chainPath, certificate.chainPem);
  return files;
}

function wrongCall(message: string): GatehouseError {
  return new GatehouseError('config_invalid', 'gateway', message);
}
