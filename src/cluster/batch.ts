// Questions of one turn of the event loop, asked in one message.

/** In one message; the next ones go in another. */
const MAX_AT_ONCE = 1000;
/** After so many messages in a row without an answer nobody waits for one, so long. */
const FAILURES = 3;
const ALONE_MS = 1000;

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly settle: (answer: Promise<Answer>) => void;
}

export class Batch<Question, Answer> {
  readonly #ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  #asked: Asked<Question, Answer>[] = [];
  #failures = 0;
  /** On `performance.now()`. */
  #aloneUntil = 0;

  /** `ask` answers in the order of the questions. */
  constructor(ask: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#ask = ask;
  }

  /** Fails as the message does in which it is asked; at once where those before had no answer. */
  ask(question: Question): Promise<Answer> {
    return performance.now() < this.#aloneUntil ? Promise.reject(NO_ANSWER) : this.#add(question);
  }

  /** What must be known there, however late; nobody waits for it. */
  tell(question: Question): void {
    this.#add(question).catch(() => {});
  }

  #add(question: Question): Promise<Answer> {
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
    answers.then(
      () => {
        this.#failures = 0;
      },
      () => {
        if (++this.#failures >= FAILURES) this.#aloneUntil = performance.now() + ALONE_MS;
      },
    );
    for (const [i, { settle }] of asked.entries()) settle(answers.then((all) => all[i] ?? Promise.reject(NO_ANSWER)));
  }
}

const NO_ANSWER = new Error('no answer');
