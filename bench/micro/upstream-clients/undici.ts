// undici by each of its interfaces, from the most convenient to the barest.
import { Writable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import { HOST } from '../../rig/workspace.ts';
import type { Client, Job } from './client.ts';
import { CONNECTIONS, FIELDS, unexpected } from './client.ts';

const headers = ['host', HOST, ...FIELDS];

export function undiciRequest(port: number): Client {
  const pool = poolTo(port);
  return {
    async send(job): Promise<number> {
      const { statusCode, body } = await pool.request(optionsOf(job));
      if (statusCode !== 200) throw unexpected(statusCode);
      let bytes = 0;
      for await (const chunk of body) bytes += (chunk as Buffer).length;
      return bytes;
    },
    close: () => pool.close(),
  };
}

export function undiciStream(port: number): Client {
  const pool = poolTo(port);
  return {
    async send(job): Promise<number> {
      let bytes = 0;
      let status = 0;
      await pool.stream(optionsOf(job), ({ statusCode }) => {
        status = statusCode;
        return new Writable({
          write(chunk: Buffer, _encoding, done): void {
            bytes += chunk.length;
            done();
          },
        });
      });
      if (status !== 200) throw unexpected(status);
      return bytes;
    },
    close: () => pool.close(),
  };
}

export function undiciPipeline(port: number): Client {
  const pool = poolTo(port);
  return {
    send({ body: sent, ...job }): Promise<number> {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      let bytes = 0;
      const fields = sent === undefined ? headers : [...headers, 'content-length', String(sent.length)];
      const duplex = pool.pipeline({ method: job.method, path: job.path, headers: fields }, ({ statusCode, body }) => {
        if (statusCode !== 200) throw unexpected(statusCode);
        return body;
      });
      duplex.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      duplex.once('end', () => resolve(bytes));
      duplex.once('error', reject);
      duplex.end(sent);
      return promise;
    },
    close: () => pool.close(),
  };
}

export function undiciDispatch(port: number): Client {
  const pool = poolTo(port);
  return {
    send(job): Promise<number> {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      pool.dispatch(optionsOf(job), new Counter(resolve, reject));
      return promise;
    },
    close: () => pool.close(),
  };
}

class Counter implements Dispatcher.DispatchHandler {
  readonly #resolve: (bytes: number) => void;
  readonly #reject: (error: Error) => void;
  #bytes = 0;

  constructor(resolve: (bytes: number) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status !== 200) controller.abort(unexpected(status));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  onResponseEnd(): void {
    this.#resolve(this.#bytes);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

function poolTo(port: number): Pool {
  return new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
}

function optionsOf({ method, path, body }: Job): Dispatcher.DispatchOptions & { path: string } {
  return { method, path, headers, body: body ?? null };
}
