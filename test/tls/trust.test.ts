// Trust stores: which commands each system gets, and what the operator is told. Nothing on this machine is changed: the
// commands go to a recorder, or to copies of the folders.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installRoot, type TrustHost, uninstallRoot } from '../../src/tls/trust.ts';
import { makeAuthority, makeLeaf, temporaryFolder } from './material.ts';

interface Recorder extends TrustHost {
  readonly ran: string[][];
}

function host(
  platform: NodeJS.Platform,
  options: { folders?: string[]; isRoot?: boolean; failure?: Error } = {},
): Recorder {
  const ran: string[][] = [];
  return {
    platform,
    isRoot: options.isRoot ?? (platform === 'win32' ? undefined : true),
    exists: (path) => options.folders?.includes(path) ?? false,
    run: async (file, args) => {
      ran.push([file, ...args]);
      if (options.failure !== undefined) throw options.failure;
    },
    ran,
  };
}

function rootFile(name = 'root.pem'): { path: string; sha1: string; digits: string } {
  const path = join(temporaryFolder(), name);
  const { certificate, certPem } = makeAuthority('Gatehouse Local CA test');
  writeFileSync(path, certPem);
  const plain = (fingerprint: string): string => fingerprint.replaceAll(':', '');
  return {
    path,
    sha1: plain(certificate.fingerprint),
    digits: plain(certificate.fingerprint256).slice(0, 12).toLowerCase(),
  };
}

const DEBIAN = '/usr/local/share/ca-certificates';
const KEYCHAIN = '/Library/Keychains/System.keychain';

describe.for([
  {
    system: 'Debian, Ubuntu, Alpine',
    folder: DEBIAN,
    gather: ['update-ca-certificates'],
    forget: ['update-ca-certificates', '--fresh'],
  },
  {
    system: 'RHEL, Fedora',
    folder: '/etc/pki/ca-trust/source/anchors',
    gather: ['update-ca-trust', 'extract'],
    forget: ['update-ca-trust', 'extract'],
  },
  {
    system: 'openSUSE',
    folder: '/etc/pki/trust/anchors',
    gather: ['update-ca-certificates'],
    forget: ['update-ca-certificates'],
  },
  {
    system: 'Arch',
    folder: '/etc/ca-certificates/trust-source/anchors',
    gather: ['update-ca-trust'],
    forget: ['update-ca-trust'],
  },
])('on $system', ({ folder, gather, forget }) => {
  test('the root becomes a file in the folder of roots, which are then gathered', async () => {
    const { path, digits } = rootFile();
    const linux = host('linux', { folders: [folder] });
    const target = `${folder}/gatehouse-local-ca-${digits}.crt`;
    const installed = await installRoot(path, linux);
    expect(linux.ran).toEqual([['install', '-m', '0644', path, target], gather]);
    expect(installed).toMatchObject({
      installed: true,
      store: folder,
      commands: linux.ran.map((words) => words.join(' ')),
    });
    expect(installed.message).toMatch(/now trusted.*NODE_EXTRA_CA_CERTS/);

    linux.ran.length = 0;
    expect(await uninstallRoot(path, linux)).toMatchObject({ installed: false });
    expect(linux.ran).toEqual([['rm', '-f', target], forget]);
  });
});

test('on macOS it goes into the system keychain and leaves by its fingerprint', async () => {
  const { path, sha1 } = rootFile();
  const mac = host('darwin');
  await installRoot(path, mac);
  await uninstallRoot(path, mac);
  expect(mac.ran).toEqual([
    ['security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-k', KEYCHAIN, path],
    ['security', 'delete-certificate', '-t', '-Z', sha1, KEYCHAIN],
  ]);
});

test("on Windows it goes into the machine's root store and leaves by its fingerprint", async () => {
  const { path, sha1 } = rootFile();
  const windows = host('win32');
  await installRoot(path, windows);
  await uninstallRoot(path, windows);
  expect(windows.ran).toEqual([
    ['certutil', '-addstore', '-f', 'ROOT', path],
    ['certutil', '-delstore', 'ROOT', sha1],
  ]);
});

describe('without the rights', () => {
  test('nothing is run, and the exact commands are shown, safe to paste', async () => {
    const { path, digits } = rootFile("it's root.pem");
    const linux = host('linux', { folders: [DEBIAN], isRoot: false });
    const result = await installRoot(path, linux);
    const quoted = `'${path.replace("'", String.raw`'\''`)}'`;
    const copy = `sudo install -m 0644 ${quoted} ${DEBIAN}/gatehouse-local-ca-${digits}.crt`;
    expect(linux.ran).toEqual([]);
    expect(result.installed).toBe(false);
    expect(result.commands).toEqual([copy, 'sudo update-ca-certificates']);
    expect(result.message).toContain(`Run ${copy} && sudo update-ca-certificates`);
  });

  test('a root that is to leave is still there', async () => {
    const linux = host('linux', { folders: [DEBIAN], isRoot: false });
    expect(await uninstallRoot(rootFile().path, linux)).toMatchObject({
      installed: true,
      message: expect.stringMatching(/may still be trusted/),
    });
  });

  test('Windows is asked, and its refusal is told', async () => {
    const failure = Object.assign(new Error('Command failed'), {
      stderr: 'CertUtil: -addstore\r\nAccess is denied.\r\n',
    });
    const result = await installRoot(rootFile().path, host('win32', { failure }));
    expect(result.installed).toBe(false);
    expect(result.message).toMatch(
      /certutil failed \(Access is denied\.\)\. Run in a prompt "as administrator": certutil -addstore/,
    );
  });
});

test('a command that fails ends the attempt', async () => {
  const linux = host('linux', { folders: [DEBIAN], failure: new Error('spawn install ENOENT') });
  const result = await installRoot(rootFile().path, linux);
  expect(linux.ran).toHaveLength(1);
  expect(result).toMatchObject({
    installed: false,
    message: expect.stringMatching(/install failed \(spawn install ENOENT\)/),
  });
});

test.for(['linux', 'freebsd'] as const)(
  'on a %s without a known store the way by hand is explained',
  async (platform) => {
    const { path } = rootFile();
    const unknown = host(platform);
    const result = await installRoot(path, unknown);
    expect(result).toMatchObject({ installed: false, store: undefined, commands: [] });
    expect(result.message).toContain(`Add ${path} by hand`);
    expect(await uninstallRoot(path, unknown)).toMatchObject({
      installed: true,
      message: expect.stringContaining('by hand'),
    });
    expect(unknown.ran).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')('the copy is readable by everyone, though the original is not', async () => {
  const copies = temporaryFolder();
  mkdirSync(join(copies, DEBIAN), { recursive: true });
  const { path, digits } = rootFile();
  const linux = host('linux', { folders: [DEBIAN] });
  await installRoot(path, {
    ...linux,
    run: async (file, args) => {
      if (file === 'install')
        execFileSync(
          file,
          args.map((word) => (word.startsWith(DEBIAN) ? join(copies, word) : word)),
        );
    },
  });
  const target = join(copies, DEBIAN, `gatehouse-local-ca-${digits}.crt`);
  expect(readFileSync(target, 'latin1')).toBe(readFileSync(path, 'latin1'));
  expect(statSync(target).mode & 0o777).toBe(0o644);
});

test('a file that is missing or holds no root is refused', async () => {
  const folder = temporaryFolder();
  const leaf = join(folder, 'leaf.pem');
  writeFileSync(leaf, makeLeaf(['a.test']).certPem);
  await expect(installRoot(join(folder, 'root.pem'), host('linux'))).rejects.toThrow(
    /is not there.*start the gateway once/,
  );
  await expect(uninstallRoot(leaf, host('linux'))).rejects.toThrow(/not a root certificate/);
});
