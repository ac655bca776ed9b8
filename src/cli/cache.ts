// `gatehouse cache`: what the running gateway keeps, and throwing it away.
import { Command } from 'commander';
import { fetchCaches, purgeCache } from '../admin/client.ts';
import type { CacheStatus } from '../admin/control.ts';
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from './options.ts';
import { DONE, print, printJson, report, say } from './outcome.ts';
import { adminSocket } from './socket.ts';

interface Options {
  readonly config: string;
  readonly socket?: string;
  readonly json?: true;
}

export function cacheCommand(): Command {
  const cache = new Command('cache').description('stored responses: status, purge');
  for (const command of [statusCommand(), purgeCommand()]) {
    cache.addCommand(command.addOption(CONFIG_OPTION()).addOption(SOCKET_OPTION()).addOption(JSON_OPTION()));
  }
  return cache;
}

function statusCommand(): Command {
  return new Command('status')
    .description('what is stored for each site, and how requests were answered')
    .action((options: Options) =>
      ending(options, async (socket) => {
        const caches = await fetchCaches(socket);
        if (options.json) printJson(caches);
        else for (const cache of caches) print(line(cache));
        if (caches.length === 0 && !options.json) say('No site has a cache; `cache: { store: memory }` gives it one.');
      }),
    );
}

interface PurgeOptions extends Options {
  readonly prefix?: true;
  readonly tag?: string;
  readonly all?: true;
  readonly site?: string;
}

function purgeCommand(): Command {
  return new Command('purge')
    .description('throw stored responses away, all variants of each')
    .argument('[url]', 'like https://app.example.com/news?page=1')
    .option('--prefix', 'all that begins with the URL')
    .option('--tag <tag>', 'all that came with this tag in Surrogate-Key or Cache-Tag')
    .option('--all', 'everything')
    .option('--site <name>', 'with --tag and --all: of one site; by default of every site')
    .action((url: string | undefined, options: PurgeOptions) =>
      ending(options, async (socket) => {
        const { prefix = false, tag, all = false, site } = options;
        const purged = await purgeCache(socket, { url, isPrefix: prefix, tag, all, site });
        if (options.json) printJson(purged);
        else print(`${purged.removed} removed`);
      }),
    );
}

async function ending(options: Options, act: (socket: string) => Promise<void>): Promise<void> {
  try {
    await act(adminSocket(options));
    process.exitCode = DONE;
  } catch (error) {
    process.exitCode = report(error, options.json);
  }
}

function line(cache: CacheStatus): string {
  const { site, entries, bytes, hit, stale, revalidated, collapsed, miss, pass, evicted } = cache;
  const answered = hit + stale + revalidated + collapsed;
  return (
    `${site}  ${entries} stored (${(bytes / 2 ** 20).toFixed(1)} MiB, ${evicted} gave way); ${answered} answered from it ` +
    `(${hit} hit, ${stale} stale, ${revalidated} revalidated, ${collapsed} waited), ${miss} missed, ${pass} passed`
  );
}
