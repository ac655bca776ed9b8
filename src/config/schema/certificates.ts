// The parts of the file about the gateway's own certificates.

import type { Parsed } from '../syntax/parsed.ts';
import { dns } from './dns.ts';
import { flag, off, readBy, text, verbatim, word } from './kind.ts';
import { duration } from './measures.ts';
import type { Node } from './node.ts';
import { list, map, value } from './node.ts';
import { webUrl } from './web.ts';

const path = text('a path', 'a path, relative to the configuration file');
const name = text('a name', 'a name');

/** One certificate brought along: `cert` and `key` (PEM), or `pfx`. */
export const certificateFile: Node = map(
  'A certificate with its key: PEM files under cert and key, or one PKCS #12 file under pfx.',
  {
    cert: value('PEM file of the certificate and its chain.', path, { default: null, examples: ['certs/app.pem'] }),
    key: value('PEM file of the private key.', path, { default: null, examples: ['certs/app.key'] }),
    pfx: value('PKCS #12 file with certificate and key.', path, { default: null, examples: ['certs/app.pfx'] }),
    passphrase: value('Opens the key or the PKCS #12 file.', verbatim('a text', 'the passphrase'), {
      default: null,
      examples: [`\${file:/run/secrets/passphrase}`],
      secret: true,
    }),
  },
  { together: { cert: ['key'], key: ['cert'] } },
);

/** With or without padding; authorities also give it in the alphabet of base64. */
const macKey = readBy('a key in base64url', 'the MAC key in base64url', (written): Parsed<string> => {
  return /^[\w+/-]{2,}={0,2}$/.test(written)
    ? { value: written }
    : { fault: 'is not a key in base64url, as the authority gave it' };
});

/** It becomes a mailto URL with one address and nothing else (RFC 8555, 7.3). */
const emailAddress = readBy('an e-mail address', 'an e-mail address', (written): Parsed<string> => {
  return /^[^\s@,?:]+@[^\s@,?]+$/.test(written)
    ? { value: written }
    : { fault: 'is not an e-mail address, like ops@example.com' };
});

const eab: Node = map(
  'External account binding, when the authority asks for it.',
  {
    keyId: value('The key identifier from the authority.', name),
    hmac: value('The MAC key from the authority, base64url.', macKey, { secret: true }),
  },
  { required: ['keyId', 'hmac'], default: null },
);

const email = value('Where the authority writes about problems; many no longer do.', emailAddress, {
  default: null,
  examples: ['ops@example.com'],
});

const agreeTos = value("You agree to the authority's terms of service. Without it nothing is ordered.", flag, {
  default: true,
});

const profile = value('A certificate profile that the authority offers.', name, {
  default: null,
  examples: ['tlsserver', 'shortlived'],
});

const preferredChain = value('Common name of the issuer at the end of the wanted chain.', name, {
  default: null,
  examples: ['ISRG Root X1'],
});

const trustedRoots = list('PEM files of roots that a private authority is trusted by.', value('A PEM file.', path), {
  default: [],
});

export const challengeTypes = ['tls-alpn-01', 'http-01', 'dns-01'] as const;

const acme: Node = map(
  'How certificates are ordered from an ACME authority.',
  {
    directory: value("The authority's directory URL.", webUrl, {
      default: 'https://acme-v02.api.letsencrypt.org/directory',
    }),
    email,
    agreeTos,
    profile,
    eab,
    challenges: list(
      'Challenges in order of preference; dns-01 is added by dns.',
      value('A challenge.', word(...challengeTypes)),
      { default: ['tls-alpn-01', 'http-01'], least: 1 },
    ),
    dns,
    preferredChain,
    checkEvery: value(
      'How often renewal is considered, and what other processes have stored is looked at.',
      duration(1000),
      { default: '10m' },
    ),
    timeout: value('How long one call to an authority may take.', duration(1000, 600_000), { default: '30s' }),
    trustedRoots,
    onDemand: map(
      'Certificates for names that only a wildcard site or default answers to, ordered when a client first asks for one.',
      {
        ask: value('A web service of yours that is asked with ?domain=NAME; an answer of 2xx allows it.', webUrl, {
          examples: ['http://127.0.0.1:9000/allowed'],
        }),
        timeout: value('How long its answer may take.', duration(100, 60_000), { default: '5s' }),
      },
      { required: ['ask'], default: null },
    ),
    fallback: list(
      'Further authorities, tried in order.',
      map(
        'A further authority.',
        {
          directory: value("The authority's directory URL.", webUrl),
          email,
          agreeTos,
          profile,
          eab,
          preferredChain,
          trustedRoots,
        },
        { required: ['directory'] },
      ),
      { default: [] },
    ),
  },
  { default: null, is: [off] },
);

export const certificates: Node = map("The gateway's own certificates: where they are kept and where they come from.", {
  storage: value(
    'The folder of keys and certificates; shared: what comes from ACME is kept in the store under shared, for all machines that use it.',
    path,
    { default: './certs', examples: ['shared'] },
  ),
  copy: value(
    "With storage: shared, the folder of this machine's own copy, which is served while the shared store is away.",
    path,
    { default: './certs' },
  ),
  issuer: value(
    'Who issues missing certificates: internal is a local authority made by Gatehouse.',
    word('internal', 'acme'),
    { default: 'acme' },
  ),
  acme,
  files: list('Certificates brought along; they are chosen by the names inside them.', certificateFile, {
    default: [],
    is: [off],
  }),
});

/** What a site may write for its certificate. */
export const siteCertificate: Node = map(
  "auto: one of certificates.files whose names fit, else the issuer's; internal: the local authority's; or files.",
  certificateFile.map?.properties ?? {},
  { is: [word('auto', 'internal')], default: 'auto', together: { cert: ['key'], key: ['cert'] } },
);

/** Certificates that clients show. */
export const clientCertificates: Node = map(
  'Certificates that clients show; only those who connect to this site are asked.',
  {
    mode: value(
      'request: checked when shown; require: whoever shows none gets 403.',
      [word('request', 'require'), off],
      { default: 'require' },
    ),
    ca: value('PEM file of the authorities that issue them, or of single certificates.', path, {
      default: null,
      examples: ['clients-ca.pem'],
    }),
    crl: value('PEM file of revocation lists, one of each authority; from then on a list is demanded.', path, {
      default: null,
      examples: ['clients.crl'],
    }),
  },
  { default: null, is: [off], offBy: 'mode' },
);
