// Many small tasks, a bounded number at once: each may hold a file open, and a process has only so many.

/** Files that are read at once. */
export const MAX_READING = 16;

export async function inTurns<T>(items: Iterable<T>, atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
