// Answers challenges over real sockets as a small web server would: tokens over HTTP, certificates by ALPN, TXT records
// by whoever keeps them.
import { once } from 'node:events';
import http from 'node:http';
import tls from 'node:tls';
import * as acme from 'acme-client';

export interface ResponderPorts {
  readonly httpPort: number;
  readonly tlsPort: number;
}

export class Responder implements AsyncDisposable {
  readonly tokens = new Map<string, string>();
  /** TXT values by name. */
  readonly txt = new Map<string, string[]>();
  /** Called for each new TXT value, for a DNS server elsewhere. */
  onTxt: (name: string, value: string) => Promise<void> = async () => {};
  readonly #contexts = new Map<string, tls.SecureContext>();
  readonly #http: http.Server;
  readonly #tls: tls.Server;

  private constructor() {
    this.#http = http.createServer((request, response) => {
      const answer = this.tokens.get((request.url ?? '').replace('/.well-known/acme-challenge/', ''));
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    this.#tls = tls.createServer({
      ALPNProtocols: ['acme-tls/1'],
      SNICallback: (name, done) => done(null, this.#contexts.get(name)),
    });
    this.#tls.on('secureConnection', (socket) => void socket.on('error', () => {}).end());
    this.#tls.on('tlsClientError', () => {});
  }

  static async start({ httpPort, tlsPort }: ResponderPorts): Promise<Responder> {
    const responder = new Responder();
    responder.#http.listen(httpPort, '127.0.0.1');
    responder.#tls.listen(tlsPort, '127.0.0.1');
    await Promise.all([once(responder.#http, 'listening'), once(responder.#tls, 'listening')]);
    return responder;
  }

  async prepare(type: string, authorization: acme.Authorization, token: string, answer: string): Promise<void> {
    const { value } = authorization.identifier;
    if (type === 'http-01') this.tokens.set(token, answer);
    if (type === 'dns-01') await this.#addTxt(`_acme-challenge.${value}`, answer);
    if (type === 'tls-alpn-01') {
      const [key, cert] = await acme.crypto.createAlpnCertificate(authorization, answer);
      this.#contexts.set(sniOf(value), tls.createSecureContext({ key, cert }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => this.#http.close(resolve)),
      new Promise((resolve) => this.#tls.close(resolve)),
    ]);
  }

  async #addTxt(name: string, value: string): Promise<void> {
    this.txt.set(name, [...(this.txt.get(name) ?? []), value]);
    await this.onTxt(name, value);
  }
}

/** RFC 8738, 6: an address is asked for by its reverse name. */
function sniOf(value: string): string {
  return /^[\d.]+$/.test(value) ? `${value.split('.').reverse().join('.')}.in-addr.arpa` : value;
}
