// What the CA keeps. Tests read it; what they may write is said there.
import type { KeyObject } from 'node:crypto';
import type { Identifier, Problem } from './problem.ts';

/** A number is sent as seconds, a date as an HTTP-date, text as it is. */
export type RetryAfter = number | Date | string;

export interface Account {
  readonly url: string;
  readonly key: KeyObject;
  readonly thumbprint: string;
  status: 'valid' | 'deactivated';
  contact: readonly string[];
  readonly termsOfServiceAgreed: boolean;
  /** Identifier of the external account key that vouched for it. */
  readonly eabKid: string | undefined;
  readonly externalAccountBinding: unknown;
}

export interface Challenge {
  readonly url: string;
  readonly type: string;
  readonly token: string;
  /** Which it is about. */
  readonly authorization: Authorization;
  status: 'pending' | 'processing' | 'valid' | 'invalid';
  validated: Date | undefined;
  error: Problem | undefined;
}

export interface Authorization {
  readonly url: string;
  readonly account: Account;
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  /** May be set by a test, say to the past. */
  expires: Date;
  status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired';
  readonly challenges: Challenge[];
}

export interface Order {
  readonly url: string;
  readonly account: Account;
  readonly createdAt: Date;
  readonly identifiers: readonly Identifier[];
  readonly profile: string | undefined;
  /** As the client sent it. */
  readonly replaces: string | undefined;
  readonly authorizations: readonly Authorization[];
  /** May be set by a test, say to the past. */
  expires: Date;
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  /** How many polls still say `processing`. */
  pollsLeft: number;
  error: Problem | undefined;
  csr: Buffer | undefined;
  certificate: IssuedCertificate | undefined;
}

export interface IssuedCertificate {
  readonly url: string;
  readonly order: Order;
  /** Lower-case hexadecimal, as DER has it: with the 00 before a high bit. */
  readonly serial: string;
  /** RFC 9773, 4.1. */
  readonly certId: string;
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuedAt: Date;
  readonly leafPem: string;
  /** Leaf and intermediate; the first is the default, the others are the alternates. */
  readonly chains: readonly string[];
  revokedAt: Date | undefined;
  revocationReason: number | undefined;
  /** The order that says it replaces this one. */
  replacedBy: Order | undefined;
  /** What renewal information says. A test may set it. */
  renewal: Renewal;
}

export interface Renewal {
  readonly start: Date;
  readonly end: Date;
  readonly explanationUrl?: string;
  /** Instead of the setting's. */
  readonly retryAfter?: RetryAfter;
}
