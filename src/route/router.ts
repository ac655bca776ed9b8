// From a host name to what is served under it. It finds a payload and never learns what it is.

/** Exact names first, then the wildcard of the parent domain, then the default. */
export class Router<T> {
  readonly #exact = new Map<string, T>();
  /** Keyed by the parent: `example.com` for `*.example.com`. */
  readonly #wildcard = new Map<string, T>();
  #fallback: T | undefined;

  /** `name` is a lower-case host name, `*.example.com`, or `default`. */
  add(name: string, payload: T): void {
    if (name === 'default') this.#fallback = payload;
    else if (name.startsWith('*.')) this.#wildcard.set(name.slice(2), payload);
    else this.#exact.set(name, payload);
  }

  /** Undefined when nothing is served under that name. A wildcard stands for exactly one label (RFC 9525, 6.3). */
  find(host: string): T | undefined {
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    const dot = host.indexOf('.');
    const wild = dot > 0 ? this.#wildcard.get(host.slice(dot + 1)) : undefined;
    return wild ?? this.#fallback;
  }
}
