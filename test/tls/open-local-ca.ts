// A process of its own that opens the local CA in the folder given to it, has a leaf issued, and tells the root's
// serial number. local-ca.test.ts starts several of them at once.
import { X509Certificate } from 'node:crypto';
import { readCertificates } from '../../src/tls/chain.ts';
import { openLocalCa } from '../../src/tls/local-ca.ts';

const ca = openLocalCa(process.argv[2] as string);
const leaf = ca.certificateFor(['app.test', 'localhost']);
const root = new X509Certificate(ca.rootPem);
const last = readCertificates(leaf.chainPem, 'chain').at(-1);
if (last?.verify(root.publicKey) !== true) throw new Error("the leaf is another root's");
process.send?.(root.serialNumber);
process.disconnect?.();
