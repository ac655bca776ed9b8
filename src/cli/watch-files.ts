// `--watch`: a change of the files that a configuration was made of is taken up by itself.
import { FileWatch } from '../base/file-watch.ts';
import type { Reloader } from './reloader.ts';

/** How often the files are looked at. */
const WATCH_MS = 1000;

/** `files`: those that were read, as they are now; they may be others after each reload. */
export function watchFiles(reloader: Reloader, files: () => readonly string[]): void {
  let watch: FileWatch | undefined;
  const begin = (): void => {
    watch?.stop();
    watch = new FileWatch(files());
    void watch.look();
    watch.start(WATCH_MS, () => void reloader.reload('a file has changed'));
  };
  reloader.onReload = begin;
  begin();
}
