// Our own CA is not easily content: what does not prove control over a name fails its challenge.
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import * as acme from 'acme-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeApiCertificate } from '../support/acme/api-certificate.ts';
import { MockDns } from '../support/acme/mock-dns.ts';
import { freePort } from '../support/acme/ports.ts';
import { defaultSettings } from '../support/acme/settings.ts';
import { validate } from '../support/acme/validate.ts';
import { hasComponent } from '../support/components.ts';

const ANSWER = 'token.thumbprint';
const DNS = { type: 'dns', value: 'a.example.com' };

async function listen(server: http.Server | tls.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('http-01', () => {
  const check = async (listener: RequestListener): Promise<void> => {
    const httpPort = await listen(http.createServer(listener));
    await validate('http-01', DNS, 'token', ANSWER, { ...defaultSettings(), httpPort, validationTimeoutMs: 200 });
  };

  test('asks for the name, and takes a line end behind the answer', async () => {
    const seen: unknown[] = [];
    await check(({ headers, url }, response) => {
      seen.push(headers.host, url);
      response.end(`${ANSWER}\n`);
    });
    expect(seen).toEqual(['a.example.com', '/.well-known/acme-challenge/token']);
  });

  test.for<[string, RequestListener, RegExp]>([
    ['another answer', (_, response) => void response.end('token.other'), /unauthorized: wrong key/],
    ['404', (_, response) => void response.writeHead(404).end(ANSWER), /unauthorized: .* 404/],
    ['a cut connection', (_, response) => void response.destroy(), /connection/],
    ['silence', () => {}, /connection/],
    ['a circle', (_, response) => void response.writeHead(302, { location: '/' }).end(), /redirects/],
  ])('does not take %s', async ([, listener, error]) => {
    await expect(check(listener)).rejects.toThrow(error);
  });

  test('follows to the TLS port, whatever its certificate is worth', async () => {
    const { keyPem: key, certPem: cert } = makeApiCertificate();
    const hosts: unknown[] = [];
    const secure = https.createServer({ key, cert }, ({ headers }, response) => {
      hosts.push(headers.host);
      response.end(ANSWER);
    });
    const tlsPort = await listen(secure);
    const plain = http.createServer((request, response) =>
      response.writeHead(308, { location: `https://a.example.com${request.url}` }).end(),
    );
    await validate('http-01', DNS, 'token', ANSWER, { ...defaultSettings(), httpPort: await listen(plain), tlsPort });
    expect(hosts).toEqual(['a.example.com']);
  });

  test('finds no server, or no address', async () => {
    const settings = { ...defaultSettings(), httpPort: await freePort() };
    await expect(validate('http-01', DNS, 'token', ANSWER, settings)).rejects.toThrow(/connection: .*ECONNREFUSED/);
    settings.addresses = { 'a.example.com': '' };
    await expect(validate('http-01', DNS, 'token', ANSWER, settings)).rejects.toThrow(/dns: no address/);
  });
});

describe('tls-alpn-01', () => {
  const check = async (options: tls.TlsOptions): Promise<void> => {
    const server = tls.createServer(options, (socket) => void socket.on('error', () => {}).end());
    server.on('tlsClientError', () => {});
    const tlsPort = await listen(server);
    await validate('tls-alpn-01', DNS, 'token', ANSWER, { ...defaultSettings(), tlsPort });
  };
  const certificate = async (value: string, answer: string): Promise<tls.TlsOptions> => {
    const authorization = { identifier: { type: 'dns', value } } as acme.Authorization;
    const [key, cert] = await acme.crypto.createAlpnCertificate(authorization, answer);
    return { key, cert, ALPNProtocols: ['acme-tls/1'] };
  };

  test('takes the right certificate', async () => {
    await check(await certificate('a.example.com', ANSWER));
  });

  test('does not take another name, another answer, another protocol, or a certificate of every day', async () => {
    const right = await certificate('a.example.com', ANSWER);
    await expect(check(await certificate('b.example.com', ANSWER))).rejects.toThrow(/not for a.example.com alone/);
    await expect(check(await certificate('a.example.com', 'token.other'))).rejects.toThrow(/wrong digest/);
    await expect(check({ ...right, ALPNProtocols: [] })).rejects.toThrow(/was not agreed on/);
    await expect(check({ ...right, ALPNProtocols: ['h2'] })).rejects.toThrow(/^tls: /);
    const { keyPem: key, certPem: cert } = makeApiCertificate();
    await expect(check({ key, cert, ALPNProtocols: ['acme-tls/1'] })).rejects.toThrow(/not for a.example.com alone/);
  });
});

describe.skipIf(!hasComponent('pebble-challtestsrv'))('dns-01 by a resolver', () => {
  test('takes one right value among several, behind an alias too', async () => {
    const dns = await MockDns.start();
    onTestFinished(() => dns.stop());
    const check = (value: string): Promise<void> =>
      validate('dns-01', { type: 'dns', value }, 'token', ANSWER, { ...defaultSettings(), dnsServer: dns.address });
    // SHA-256 of the answer.
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(ANSWER))).toString('base64url');
    await expect(check('a.example.com')).rejects.toThrow(/dns: no TXT record/);
    await dns.addTxt('_acme-challenge.a.example.com', 'stale');
    await expect(check('a.example.com')).rejects.toThrow(/unauthorized: incorrect/);
    await dns.addTxt('_acme-challenge.a.example.com', digest);
    await check('a.example.com');
    await dns.setCname('_acme-challenge.b.example.com', '_acme-challenge.a.example.com');
    await check('b.example.com');
    await dns.setServfail('_acme-challenge.c.example.com');
    await expect(check('c.example.com')).rejects.toThrow(/dns: .*ESERVFAIL/);
  });
});
