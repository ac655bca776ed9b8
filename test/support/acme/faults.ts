// What goes wrong, by plan of the test. A fault is taken by the first request that its matcher fits.
import type { RetryAfter } from './model.ts';
import type { CaRequest, Endpoint } from './observed.ts';
import type { Problem } from './problem.ts';

export type CertificateFault =
  /** Text that is no certificate. */
  | 'garbage'
  | 'empty'
  /** The leaf, without its intermediate. */
  | 'leafOnly'
  /** The intermediate before the leaf. */
  | 'reversed'
  /** For a key that nobody has. */
  | 'otherKey'
  /** For `other.example.com`. */
  | 'otherNames'
  /** Over since yesterday. */
  | 'expired'
  /** Valid from tomorrow. */
  | 'future';

export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Record<string, string>;
      readonly body: string;
    }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly retryAfter: RetryAfter | undefined }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'badNonce' }
  | { readonly kind: 'certificate'; readonly what: CertificateFault };

export interface ProblemWords extends Omit<Problem, 'type'> {
  readonly retryAfter?: RetryAfter;
}

/** The words for faults. All but `slow`, `truncate`, `certificate` and `reset('after')` leave the CA as it was. */
export const fault = {
  /** A refusal with a problem document; the type without its prefix. */
  problem: (type: string, { retryAfter, ...words }: ProblemWords = {}): Fault => ({
    kind: 'problem',
    problem: { type, detail: `by plan of the test: ${type}`, ...words },
    retryAfter,
  }),
  /** An answer of something in front of the CA. */
  html: (status: number, retryAfter?: number): Fault => ({
    kind: 'answer',
    status,
    headers: {
      'content-type': 'text/html',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: `<html><body><h1>${status}</h1></body></html>`,
  }),
  redirect: (location: string, status = 302): Fault => ({ kind: 'answer', status, headers: { location }, body: '' }),
  /** Whatever the test likes. */
  answer: (status: number, headers: Record<string, string>, body: string): Fault => ({
    kind: 'answer',
    status,
    headers,
    body,
  }),
  /** No answer, ever. */
  hang: (): Fault => ({ kind: 'hang' }),
  /** The connection is reset. After: the request has been worked on, and its answer is lost. */
  reset: (when: 'before' | 'after' = 'before'): Fault => ({ kind: 'reset', when }),
  /** Worked on at once, answered late. */
  slow: (ms: number): Fault => ({ kind: 'slow', ms }),
  /** Half of the body comes, and then the end of the connection. */
  truncate: (): Fault => ({ kind: 'truncate' }),
  /** A good nonce is refused. */
  badNonce: (): Fault => ({ kind: 'badNonce' }),
  /** For the endpoint `certificate`. */
  certificate: (what: CertificateFault): Fault => ({ kind: 'certificate', what }),
} as const;

/** An endpoint, several, all (`*`), or a question about the request. */
export type Matcher = Endpoint | readonly Endpoint[] | '*' | ((request: CaRequest) => boolean);

export interface PlannedFault {
  /** Requests that have met it. */
  readonly count: number;
  cancel(): void;
}

interface Plan {
  readonly matcher: Matcher;
  readonly fault: Fault;
  /** Fitting requests that still pass unharmed. */
  spared: number;
  left: number;
  count: number;
}

export class Faults {
  #plans: Plan[] = [];

  /** For the next fitting request, or the next `times`, once `after` of them have passed. */
  next(matcher: Matcher, what: Fault, { times = 1, after = 0 }: { times?: number; after?: number } = {}): PlannedFault {
    const plan: Plan = { matcher, fault: what, spared: after, left: times, count: 0 };
    this.#plans.push(plan);
    return {
      get count() {
        return plan.count;
      },
      cancel: () => {
        plan.left = 0;
      },
    };
  }

  /** Until cancelled or cleared. */
  always(matcher: Matcher, what: Fault): PlannedFault {
    return this.next(matcher, what, { times: Number.POSITIVE_INFINITY });
  }

  clear(): void {
    for (const plan of this.#plans) plan.left = 0;
    this.#plans = [];
  }

  /** For the CA: what this request meets. */
  take(request: CaRequest): Fault | undefined {
    for (const plan of this.#plans) {
      if (plan.left === 0 || !fits(plan.matcher, request)) continue;
      if (plan.spared > 0) {
        plan.spared--;
        continue;
      }
      plan.left--;
      plan.count++;
      return plan.fault;
    }
    return undefined;
  }
}

function fits(matcher: Matcher, request: CaRequest): boolean {
  if (typeof matcher === 'function') return matcher(request);
  return matcher === '*' || (typeof matcher === 'string' ? [matcher] : matcher).includes(request.endpoint);
}
