// What clients meet on the port: certificates by SNI, versions, ciphers and protocols, over real sockets and through
// the same kind of server that the gateway uses.
import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Certificate, readCertificate } from '../../src/tls/certificate.ts';
import { contextOptions, serverTlsOptions } from '../../src/tls/options.ts';
import { readPkcs12 } from '../../src/tls/pkcs12.ts';
import { CertificateSelector, type SelectorSource } from '../../src/tls/select.ts';
import { certificateFor, fixture, fixtureRoot, makeRsa } from './material.ts';

const exact = certificateFor('app.example.com');
const wildcard = certificateFor('*.example.com');
const ecdsaDefault = certificateFor('default.test');
const rsa = rsaCertificate('rsa.test');
const rsaDefault = rsaCertificate('default.rsa.test');
const entries = [
  { certificate: exact, patterns: ['app.example.com'] },
  { certificate: wildcard, patterns: ['*.example.com'] },
  { certificate: rsa, patterns: ['rsa.test'] },
];
const HANDSHAKE_FAILURE = 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE';
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

describe.for([
  { defaultKind: 'no', fallback: undefined },
  { defaultKind: 'an ECDSA', fallback: ecdsaDefault },
  { defaultKind: 'an RSA', fallback: rsaDefault },
])('with $defaultKind default', ({ fallback }) => {
  const selector = new CertificateSelector(entries, fallback);
  const cases = versions.flatMap((version) => [
    { version, servername: 'app.example.com', expected: exact },
    { version, servername: 'APP.Example.COM', expected: exact },
    { version, servername: 'other.example.com', expected: wildcard },
    { version, servername: 'rsa.test', expected: rsa },
    { version, servername: 'unknown.test', expected: fallback },
    { version, servername: 'a.b.example.com', expected: fallback },
    { version, servername: undefined, expected: fallback },
  ]);

  test.for(cases)('$version, SNI $servername', async ({ version, servername, expected }) => {
    const port = await serve(selector);
    const outcome = await greet(port, { servername: servername ?? '', minVersion: version, maxVersion: version });
    if (expected === undefined) expect(outcome).toEqual({ error: HANDSHAKE_FAILURE });
    else expect(outcome).toMatchObject({ fingerprint: expected.fingerprint256, version });
  });
});

test.for([
  { offered: ['h2', 'http/1.1'], agreed: 'h2' },
  { offered: ['http/1.1'], agreed: 'http/1.1' },
  { offered: ['h2'], agreed: 'h2' },
  { offered: undefined, agreed: false },
])('a client that offers $offered speaks $agreed', async ({ offered, agreed }) => {
  const port = await serve(new CertificateSelector(entries));
  const alpn = offered === undefined ? {} : { ALPNProtocols: offered };
  expect(await greet(port, { servername: 'app.example.com', ...alpn })).toMatchObject({ alpn: agreed });
});

describe('the client is refused', () => {
  const old = { ciphers: 'DEFAULT:@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
  const tls12 = { maxVersion: 'TLSv1.2' } as const;

  test.for([
    { what: 'with TLS 1.1', options: old, error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' },
    {
      what: 'with CBC only',
      options: { ...tls12, ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES256-SHA384' },
      error: HANDSHAKE_FAILURE,
    },
    { what: 'without forward secrecy', options: { ...tls12, ciphers: 'AES128-GCM-SHA256' }, error: HANDSHAKE_FAILURE },
    {
      what: 'with finite-field Diffie-Hellman',
      options: { ...tls12, ciphers: 'DHE-RSA-AES128-GCM-SHA256' },
      error: HANDSHAKE_FAILURE,
    },
    {
      what: 'with ARIA and CCM',
      options: { ...tls12, ciphers: 'ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-ARIA128-GCM-SHA256' },
      error: HANDSHAKE_FAILURE,
    },
    { what: 'with another curve', options: { ecdhCurve: 'secp521r1' }, error: HANDSHAKE_FAILURE },
  ])('$what', async ({ options, error }) => {
    const port = await serve(new CertificateSelector(entries, rsaDefault));
    expect(await greet(port, { servername: 'app.example.com', ...options })).toEqual({ error });
    expect(await greet(port, { servername: 'rsa.test', ...options })).toEqual({ error });
  });
});

test.for([
  {
    ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
    maxVersion: 'TLSv1.2',
    chosen: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  },
  { ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305', maxVersion: 'TLSv1.2', chosen: 'ECDHE-ECDSA-CHACHA20-POLY1305' },
  {
    ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256',
    maxVersion: 'TLSv1.2',
    chosen: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  },
  {
    ciphers: 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
    maxVersion: 'TLSv1.3',
    chosen: 'TLS_CHACHA20_POLY1305_SHA256',
  },
  {
    ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
    maxVersion: 'TLSv1.3',
    chosen: 'TLS_AES_128_GCM_SHA256',
  },
  { ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256', maxVersion: 'TLSv1.3', chosen: 'TLS_AES_128_GCM_SHA256' },
] as const)('of $ciphers the server chooses $chosen', async ({ ciphers, maxVersion, chosen }) => {
  const port = await serve(new CertificateSelector(entries));
  expect(await greet(port, { servername: 'app.example.com', ciphers, maxVersion })).toMatchObject({ cipher: chosen });
});

test.for([
  { offered: undefined, agreed: 'X25519MLKEM768' },
  { offered: 'X25519MLKEM768', agreed: 'X25519MLKEM768' },
  { offered: 'X25519', agreed: 'X25519' },
  { offered: 'prime256v1', agreed: 'prime256v1' },
  { offered: 'secp384r1', agreed: 'secp384r1' },
])('a client that offers the group $offered gets $agreed', async ({ offered, agreed }) => {
  const port = await serve(new CertificateSelector(entries));
  const group = offered === undefined ? {} : { ecdhCurve: offered };
  expect(await greet(port, { servername: 'app.example.com', ...group })).toMatchObject({ group: agreed });
});

test('a TLS 1.2 client cannot renegotiate', async () => {
  const port = await serve(new CertificateSelector(entries));
  const socket = connect({ port, servername: 'app.example.com', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const error = await new Promise<unknown>((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({}, resolve);
  });
  expect(error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
});

test('an intermediate is sent, so that a client with only the root is satisfied', async () => {
  for (const kind of ['ec', 'rsa']) {
    const { certPem, keyPem } = readPkcs12(fixture(`${kind}-modern`), 'secret');
    const certificate = readCertificate(certPem, keyPem, undefined, kind);
    const port = await serve(new CertificateSelector([{ certificate, patterns: [`${kind}.example.com`] }]));
    const trusting = { servername: `${kind}.example.com`, ca: fixtureRoot(), rejectUnauthorized: true };
    expect(await greet(port, trusting)).toMatchObject({ fingerprint: certificate.fingerprint256 });
  }
});

test('a new selector serves the next handshake, and a connection that stands is not touched', async () => {
  let selector = new CertificateSelector([{ certificate: exact, patterns: ['x.test'] }], ecdsaDefault);
  const { port, server } = await start(() => selector);
  const standing = connect({ port, servername: 'x.test', rejectUnauthorized: false });
  onTestFinished(() => void standing.destroy());
  await once(standing, 'secureConnect');

  selector = new CertificateSelector([{ certificate: rsa, patterns: ['x.test'] }], rsaDefault);
  server.setSecureContext(contextOptions(selector));

  expect(await greet(port, { servername: 'x.test' })).toMatchObject({ fingerprint: rsa.fingerprint256 });
  expect(await greet(port, { servername: '' })).toMatchObject({ fingerprint: rsaDefault.fingerprint256 });
  expect(
    await greet(port, {
      servername: 'x.test',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    }),
  ).toEqual({
    error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  });
  expect(standing.destroyed).toBe(false);
});

test('a client that connects and says nothing is cut off after the handshake timeout', async () => {
  const { port } = await start(new CertificateSelector(entries), 50);
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'close');
});

interface Greeting {
  fingerprint: string;
  version: string | null;
  alpn: string | false | null;
  cipher: string;
  group: string | undefined;
}

/** What a client sees of the handshake, or the code of the error that ended it. */
async function greet(port: number, options: ConnectionOptions): Promise<Greeting | { error: string }> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ error: String(error.code) }));
    socket.on('secureConnect', () => {
      const peer: PeerCertificate = socket.getPeerCertificate();
      resolve({
        fingerprint: peer.fingerprint256,
        version: socket.getProtocol(),
        alpn: socket.alpnProtocol,
        cipher: socket.getCipher().name,
        group: (socket.getEphemeralKeyInfo() as { name?: string } | null)?.name,
      });
      socket.destroy();
    });
  });
}

async function serve(selector: SelectorSource): Promise<number> {
  return (await start(selector)).port;
}

async function start(
  selector: SelectorSource,
  handshakeMs = 5000,
): Promise<{ port: number; server: Http2SecureServer }> {
  const server = createSecureServer({ allowHTTP1: true, ...serverTlsOptions(selector, { handshakeMs }) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

function rsaCertificate(name: string): Certificate {
  const { certPem, keyPem } = makeRsa(name, [name]);
  return readCertificate(certPem, keyPem, undefined, name);
}
