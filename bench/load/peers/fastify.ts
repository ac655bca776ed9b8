// @fastify/http-proxy: what a Node programmer would otherwise put in front of an app.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Command } from '../../rig/run.ts';
import type { System } from '../system.ts';

const require = createRequire(import.meta.url);

export const fastify: System = {
  name: 'fastify',
  version(): string | undefined {
    try {
      const versions = ['@fastify/http-proxy', 'fastify'].map(versionOf);
      return `@fastify/http-proxy ${versions[0]}, fastify ${versions[1]}`;
    } catch {
      return undefined;
    }
  },
  command({ workspace, backendPort, port }): Command {
    const script = new URL('fastify-server.ts', import.meta.url).pathname;
    return { file: process.execPath, args: [script, workspace.cert, workspace.key, String(backendPort), String(port)] };
  },
};

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string };
  return version;
}
