// Whether the storage takes and keeps what it must, and keeps it from others.
import { existsSync } from 'node:fs';
import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { unsealed } from '../../acme/storage/open.ts';
import { formatSize } from '../../base/units.ts';
import type { CertificatesConfig } from '../../config/model/certificates.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

const CHECK = 'storage';
const PROBE_KEY = 'probe';
/** A certificate takes a few KiB; below this something is about to go wrong. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
const OTHERS = 0o077;
const OTHERS_MAY_WRITE = 0o022;

export async function lookAtStorage({ storage, config }: Patient): Promise<Finding[]> {
  await storage.write(PROBE_KEY, '');
  await storage.remove(PROBE_KEY);
  const warning = unsealed(config);
  return [
    ok(CHECK, `${storage.place} can be written`),
    ...(warning === undefined ? [] : [warn(CHECK, warning)]),
    ...(await lookAtFolder(config.certificates, config.admin.socket)),
  ];
}

/** Of a shared storage it holds the copy, which a gateway that has not run yet has still to make. */
async function lookAtFolder({ storage, isShared }: CertificatesConfig, socket: string | undefined): Promise<Finding[]> {
  if (isShared && !existsSync(storage)) return [];
  return [...(await looseFiles(storage)), ...(await otherOwner(storage, socket)), ...(await fullDisk(storage))];
}

/** Keys that others may read, and a folder in which others may put theirs. */
async function looseFiles(folder: string): Promise<Finding[]> {
  if (process.platform === 'win32') return [];
  const findings: Finding[] = [];
  if (((await stat(folder)).mode & OTHERS_MAY_WRITE) !== 0) {
    findings.push(fail(CHECK, `others than its owner may write to ${folder}`, `chmod 700 ${folder}`));
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const secrets = entries.filter(({ name, parentPath }) => isSecret(name, path.relative(folder, parentPath)));
  for (const { name, parentPath } of secrets) {
    const file = path.join(parentPath, name);
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0) {
      findings.push(fail(CHECK, `others than its owner may read the private key in ${file}`, `chmod 600 ${file}`));
    }
  }
  return findings;
}

/** Certificates from authorities lie in one file with their key. */
function isSecret(name: string, folder: string): boolean {
  return name.endsWith('.key') || (folder === 'certificates' && name.endsWith('.pem'));
}

/** The socket belongs to whoever runs the gateway. */
async function otherOwner(folder: string, socket: string | undefined): Promise<Finding[]> {
  const runner = socket === undefined ? undefined : await stat(socket).catch(() => undefined);
  const owner = (await stat(folder)).uid;
  if (runner === undefined || runner.uid === owner) return [];
  const message = `${folder} belongs to the user ${owner}, and the gateway runs as ${runner.uid}`;
  return [warn(CHECK, message, `chown -R ${runner.uid} ${folder}`)];
}

async function fullDisk(folder: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return free >= LEAST_FREE_BYTES ? [] : [warn(CHECK, `only ${formatSize(free)} are free there`, 'Make room.')];
}
