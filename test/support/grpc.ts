// A real gRPC server and its client, with one method of each kind.
import grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';

export interface Note {
  readonly text: string;
}

const NOTE_TO_NOTE = { requestType: 'Note', responseType: 'Note', comment: '' };

const definition = fromJSON({
  nested: {
    Note: { fields: { text: { type: 'string', id: 1 } } },
    Notes: {
      methods: {
        one: { ...NOTE_TO_NOTE },
        many: { ...NOTE_TO_NOTE, responseStream: true },
        gather: { ...NOTE_TO_NOTE, requestStream: true },
        talk: { ...NOTE_TO_NOTE, requestStream: true, responseStream: true },
      },
    },
  },
});

const service = grpc.loadPackageDefinition(definition).Notes as grpc.ServiceClientConstructor;

export interface Handlers {
  readonly one?: grpc.handleUnaryCall<Note, Note>;
  readonly many?: grpc.handleServerStreamingCall<Note, Note>;
  readonly gather?: grpc.handleClientStreamingCall<Note, Note>;
  readonly talk?: grpc.handleBidiStreamingCall<Note, Note>;
}

export interface GrpcServer {
  readonly port: number;
  /** Ends every connection at once. */
  kill(): void;
}

export async function startGrpc(
  handlers: Handlers,
  credentials: grpc.ServerCredentials = grpc.ServerCredentials.createInsecure(),
): Promise<GrpcServer> {
  const server = new grpc.Server();
  server.addService(service.service, { ...handlers });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  onTestFinished(() => server.forceShutdown());
  return { port, kill: () => server.forceShutdown() };
}

/** Its calls, typed as far as tests need them. */
export interface NotesClient extends grpc.Client {
  one(
    note: Note,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, answer?: Note) => void,
  ): grpc.ClientUnaryCall;
  many(note: Note, options?: grpc.CallOptions): grpc.ClientReadableStream<Note>;
  gather(
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, answer?: Note) => void,
  ): grpc.ClientWritableStream<Note>;
  talk(options?: grpc.CallOptions): grpc.ClientDuplexStream<Note, Note>;
}

export function dialGrpc({ port, ca }: { readonly port: number; readonly ca: string }): NotesClient {
  const client = new service(`localhost:${port}`, grpc.credentials.createSsl(Buffer.from(ca)));
  onTestFinished(() => client.close());
  return client as unknown as NotesClient;
}

/** The answer of a unary call and the trailers behind it; rejects with the status. */
export function callOne(
  client: NotesClient,
  text: string,
  options: grpc.CallOptions = {},
  metadata: grpc.Metadata = new grpc.Metadata(),
): Promise<{ text: string; metadata: grpc.Metadata; trailers: grpc.Metadata }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    text: string;
    metadata: grpc.Metadata;
    trailers: grpc.Metadata;
  }>();
  let answer = '';
  let head = new grpc.Metadata();
  const call = client.one({ text }, metadata, options, (error, note) => {
    if (error === null) answer = note?.text ?? '';
    else reject(error);
  });
  call.on('metadata', (fields) => {
    head = fields;
  });
  call.on('status', (status) => resolve({ text: answer, metadata: head, trailers: status.metadata }));
  return promise;
}

/** How a call that has a stream of answers ended, and what it had brought. */
export function outcomeOf(
  call: grpc.ClientReadableStream<Note> | grpc.ClientDuplexStream<Note, Note>,
): Promise<{ code: grpc.status; details: string; texts: string[] }> {
  const { promise, resolve } = Promise.withResolvers<{ code: grpc.status; details: string; texts: string[] }>();
  const texts: string[] = [];
  call.on('data', ({ text }: Note) => texts.push(text));
  call.on('error', () => {});
  call.on('status', ({ code, details }) => resolve({ code, details, texts }));
  return promise;
}
