// A gateway with a cache before a backend that answers as the test says.
import type { ServerResponse } from 'node:http';
import { type Backend, type SeenRequest, startBackend } from '../support/backend.ts';
import { type Answer, type Over, type RequestOptions, request } from '../support/client.ts';
import { startGateway, type World } from '../support/world.ts';

export interface Scene {
  readonly world: World;
  readonly backend: Backend;
  readonly get: (path: string, headers?: RequestOptions['headers'], more?: RequestOptions) => Promise<Answer>;
}

export type Answering = (request: SeenRequest, response: ServerResponse) => void;

export interface SceneOptions {
  readonly over?: Over;
  /** In place of `cache: { store: memory }`; further keys of the site may follow. */
  readonly site?: string;
  /** Further keys of the file. */
  readonly file?: string;
}

export async function startScene(answer: Answering, options: SceneOptions = {}): Promise<Scene> {
  const { over = 'http/1.1', site = 'cache: { store: memory }', file = '' } = options;
  const backend = await startBackend(answer);
  const world = await startGateway(`${file}\nsites: { localhost: { to: "${backend.url}", ${site} } }`);
  const get: Scene['get'] = (path, headers = {}, more = {}) => request(over, world, { path, headers, ...more });
  return { world, backend, get };
}

/** Numbers its answers, so that a test sees which one it got. */
export function numbered(headers: Readonly<Record<string, string | string[]>>): Answering {
  let count = 0;
  return (_, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(`answer ${++count}`);
  };
}

/** What two requests got, and how often the backend was asked. */
export function bodies(answers: readonly Answer[]): string[] {
  return answers.map(({ body }) => body);
}
