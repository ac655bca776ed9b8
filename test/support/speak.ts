// Bytes over TLS to a gateway, and what came of them: the answers, read strictly, and whether the connection was closed.
import type { TLSSocket } from 'node:tls';
import { openTls } from './client.ts';
import type { World } from './world.ts';

export interface Outcome {
  /** Statuses of the answers, interim ones left out. */
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
  /** Everything that came back. */
  readonly text: string;
}

/**
 * Sends bytes over HTTP/1.1, in so many writes, and waits for `answers` final answers or the end of the connection. Then a
 * plain request follows where that is still possible, which must be answered like any other: what was left in a
 * parser would spoil it.
 */
export async function speak(
  world: Pick<World, 'port' | 'ca'>,
  bytes: string | readonly string[],
  { answers = 1, path = '/after' }: { answers?: number; path?: string } = {},
): Promise<Outcome> {
  const socket = await openTls(world, { ALPNProtocols: ['http/1.1'] });
  const pieces = typeof bytes === 'string' ? [bytes] : bytes;
  const reader = new Answers(socket, pieces.join('').startsWith('HEAD'));
  for (const piece of pieces) {
    if (socket.writable) await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
  }
  await reader.until(answers);
  const isOpen = !reader.isOver && !reader.saysClose;
  if (isOpen) {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await reader.until(answers + 1);
  }
  socket.destroy();
  return { statuses: reader.statuses.slice(0, answers), isClosed: !isOpen, text: reader.text };
}

class Answers {
  text = '';
  isOver = false;
  #wake = Promise.withResolvers<void>();

  readonly #isHead: boolean;

  constructor(socket: TLSSocket, isHead: boolean) {
    this.#isHead = isHead;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.#wake.resolve();
    });
    socket.once('close', () => {
      this.isOver = true;
      this.#wake.resolve();
    });
  }

  get statuses(): number[] {
    return readAnswers(this.text, this.#isHead).map(({ status }) => status);
  }

  get saysClose(): boolean {
    return readAnswers(this.text, this.#isHead).some(({ head }) => /^connection: close$/im.test(head));
  }

  async until(count: number): Promise<void> {
    while (!this.isOver && this.statuses.length < count) {
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }
}

/** Whole answers at the beginning of the text, the first without a body if it is to HEAD; throws for what is none. */
function readAnswers(text: string, isHead: boolean): { status: number; head: string }[] {
  const answers: { status: number; head: string }[] = [];
  for (let at = 0; ; ) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd === -1) return answers;
    const head = text.slice(at, headEnd);
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) /.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`no answer: ${JSON.stringify(text.slice(at, at + 200))}`);
    at = headEnd + 4;
    if (status < 200) continue;
    const isBare = isHead && answers.length === 0;
    const length = isBare ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (text.length < at + length) return answers;
    at += length;
    answers.push({ status, head });
  }
}
