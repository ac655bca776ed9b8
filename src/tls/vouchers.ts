// Remembers by whom a client's certificate was found good. OpenSSL resumes a session under any name that the client
// likes and repeats the verdict of the first handshake, whoever asked in it (the bypass of CVE-2025-23419). What it
// does keep true is whose certificate it was; so of a resumed session only that is taken, and looked up here.

/** About 10 MB. */
const MAX_CERTIFICATES = 50_000;

export class Vouchers {
  /** Policies by fingerprint, the longest unused first. */
  readonly #policies = new Map<string, Set<string>>();
  readonly #limit: number;

  constructor(limit: number = MAX_CERTIFICATES) {
    this.#limit = limit;
  }

  /** After a full handshake in which that policy's authorities found the certificate good. */
  add(fingerprint: string, policyId: string): void {
    const policies = this.#policies.get(fingerprint) ?? new Set();
    policies.add(policyId);
    this.#policies.delete(fingerprint);
    this.#policies.set(fingerprint, policies);
    if (this.#policies.size <= this.#limit) return;
    for (const oldest of this.#policies.keys()) {
      this.#policies.delete(oldest);
      break;
    }
  }

  /** A set of its own, which later changes leave alone. */
  of(fingerprint: string): Set<string> {
    return new Set(this.#policies.get(fingerprint));
  }
}
