// Where each system keeps the roots it trusts, and the commands that put one there or take it away. Pure: nothing is
// run here. Two systems with one way of doing it share an entry; another system is another entry.
import type { X509Certificate } from 'node:crypto';

/** A program and its arguments; never a shell line. */
export type Command = readonly [string, ...string[]];

export interface TrustStore {
  /** For people. */
  readonly name: string;
  readonly install: readonly Command[];
  readonly uninstall: readonly Command[];
}

/** Folders of Linux systems: a root is a file in one of them, and a command gathers them all. */
const LINUX_STORES = [
  {
    folder: '/etc/pki/ca-trust/source/anchors',
    gather: ['update-ca-trust', 'extract'],
    forget: ['update-ca-trust', 'extract'],
  },
  { folder: '/etc/pki/trust/anchors', gather: ['update-ca-certificates'], forget: ['update-ca-certificates'] },
  { folder: '/etc/ca-certificates/trust-source/anchors', gather: ['update-ca-trust'], forget: ['update-ca-trust'] },
  {
    folder: '/usr/local/share/ca-certificates',
    gather: ['update-ca-certificates'],
    forget: ['update-ca-certificates', '--fresh'],
  },
] as const satisfies readonly { folder: string; gather: Command; forget: Command }[];
const MAC_KEYCHAIN = '/Library/Keychains/System.keychain';

/**
 * The trust store of this system for a root in the file at `path`; undefined when there is none that this knows.
 * Known: Debian, Ubuntu, Alpine; RHEL, Fedora; openSUSE; Arch; macOS; Windows.
 */
export function trustStoreFor(
  platform: NodeJS.Platform,
  exists: (path: string) => boolean,
  path: string,
  root: Pick<X509Certificate, 'fingerprint' | 'fingerprint256'>,
): TrustStore | undefined {
  const sha1 = root.fingerprint.replaceAll(':', '');
  if (platform === 'darwin') {
    return {
      name: 'the system keychain of macOS',
      install: [['security', 'add-trusted-cert', '-d', '-r', 'trustRoot', '-k', MAC_KEYCHAIN, path]],
      uninstall: [['security', 'delete-certificate', '-t', '-Z', sha1, MAC_KEYCHAIN]],
    };
  }
  if (platform === 'win32') {
    return {
      name: "the machine's root store of Windows",
      install: [['certutil', '-addstore', '-f', 'ROOT', path]],
      uninstall: [['certutil', '-delstore', 'ROOT', sha1]],
    };
  }
  const store = LINUX_STORES.find(({ folder }) => exists(folder));
  if (platform !== 'linux' || store === undefined) return undefined;
  const digits = root.fingerprint256.replaceAll(':', '').slice(0, 12).toLowerCase();
  const target = `${store.folder}/gatehouse-local-ca-${digits}.crt`;
  return {
    name: store.folder,
    install: [['install', '-m', '0644', path, target], store.gather],
    uninstall: [['rm', '-f', target], store.forget],
  };
}
