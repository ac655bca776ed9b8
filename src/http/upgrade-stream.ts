// A client that asked for a WebSocket over HTTP/1.1: it gets the tunnel, or an ordinary answer when there is none.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { http } from '../base/node-http.ts';
import type { ClientStream } from './client-stream.ts';
import type { Exchange } from './exchange.ts';
import { Http1ClientStream } from './http1-stream.ts';
import type { Reply, Tunnel } from './reply.ts';
import { joinTunnel } from './tunnel.ts';

export class UpgradeClientStream implements ClientStream {
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #head: Buffer;
  readonly #exchange: Exchange;
  readonly #onClose = (): void => this.#exchange.leave();

  /** `head`: what the client sent behind its request before any answer. */
  constructor(request: IncomingMessage, socket: Socket, head: Buffer, exchange: Exchange) {
    this.#request = request;
    this.#socket = socket;
    this.#head = head;
    this.#exchange = exchange;
    // Until the handshake is answered nobody else listens to this socket.
    socket.on('error', () => {});
    socket.once('close', this.#onClose);
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  inform(): void {
    // A WebSocket client waits for 101 and reads nothing else.
  }

  send(reply: Reply): Promise<void> {
    this.#socket.off('close', this.#onClose);
    return reply.tunnel === undefined ? this.#answer(reply) : this.#join(reply, reply.tunnel);
  }

  reset(): void {
    this.#socket.destroy();
  }

  /** No tunnel: an ordinary response, after which the connection ends, since its bytes were not parsed further. */
  #answer(reply: Reply): Promise<void> {
    const response = new http.ServerResponse(this.#request);
    response.shouldKeepAlive = false;
    response.assignSocket(this.#socket);
    response.once('finish', () => this.#socket.end());
    this.#socket.once('close', () => response.destroy());
    return new Http1ClientStream(response, this.#exchange).send(reply);
  }

  #join(reply: Reply, tunnel: Tunnel): Promise<void> {
    const client = this.#socket;
    if (client.destroyed) {
      tunnel.socket.destroy();
      this.#exchange.leave();
      return Promise.resolve();
    }
    let head = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n';
    for (let i = 0; i < reply.headers.length; i += 2) head += `${reply.headers[i]}: ${reply.headers[i + 1]}\r\n`;
    client.write(`${head}\r\n`, 'latin1');
    if (this.#head.length > 0) client.unshift(this.#head);
    return joinTunnel(this.#exchange, client, tunnel, {
      finish: () => client.destroySoon(),
      breakOff: () => client.destroy(),
    });
  }
}
