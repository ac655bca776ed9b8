// What the CA says when it refuses (RFC 8555, 6.7; RFC 9457).
export interface Problem {
  /** Without its prefix, `rateLimited`, or any URI. */
  readonly type: string;
  readonly detail?: string;
  readonly status?: number;
  readonly subproblems?: readonly (Problem & { readonly identifier?: Identifier })[];
  /** With `badSignatureAlgorithm`. */
  readonly algorithms?: readonly string[];
  /** With `userActionRequired`: where the user has to go. */
  readonly instance?: string;
}

export interface Identifier {
  readonly type: string;
  readonly value: string;
}

const PREFIX = 'urn:ietf:params:acme:error:';

/** The rest is 400. */
const STATUS: Readonly<Record<string, number>> = {
  unauthorized: 403,
  orderNotReady: 403,
  userActionRequired: 403,
  externalAccountRequired: 403,
  caa: 403,
  alreadyReplaced: 409,
  rateLimited: 429,
  serverInternal: 500,
};

/** Thrown by whatever refuses a request; what a validation throws ends in its challenge. */
export class AcmeProblem extends Error {
  readonly problem: Problem;

  constructor(type: string, detail: string, further: Omit<Problem, 'type' | 'detail'> = {}) {
    super(`${type}: ${detail}`);
    this.problem = { type, detail, ...further };
  }
}

/** A problem as it is sent: whole type, and a status. */
export function problemDocument(problem: Problem): Record<string, unknown> & { status: number } {
  const { type, subproblems, ...rest } = problem;
  return {
    ...rest,
    type: type.includes(':') ? type : PREFIX + type,
    status: problem.status ?? STATUS[type] ?? 400,
    ...(subproblems !== undefined && {
      subproblems: subproblems.map((sub) => ({ ...sub, type: sub.type.includes(':') ? sub.type : PREFIX + sub.type })),
    }),
  };
}
