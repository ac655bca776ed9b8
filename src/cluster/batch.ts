// Questions of one turn of the event loop, asked in one message.

/** In one message; the next ones go in another. */
const MAX_AT_ONCE = 1000;

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly settle: (answer: Promise<Answer>) => void;
}

export class Batch<Question, Answer> {
  readonly #ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  #asked: Asked<Question, Answer>[] = [];

  /** `ask` answers in the order of the questions. */
  constructor(ask: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#ask = ask;
  }

  /** Fails as the message does in which it is asked. */
  ask(question: Question): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#asked.push({ question, settle: resolve });
    if (this.#asked.length === 1) setImmediate(() => this.#flush());
    else if (this.#asked.length >= MAX_AT_ONCE) this.#flush();
    return promise;
  }

  #flush(): void {
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    const answers = this.#ask(asked.map(({ question }) => question));
    for (const [i, { settle }] of asked.entries()) settle(answers.then((all) => all[i] ?? Promise.reject(NO_ANSWER)));
  }
}

const NO_ANSWER = new Error('no answer');
