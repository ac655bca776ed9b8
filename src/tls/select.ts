// Which certificate a client gets for the name it asks for (SNI, RFC 6066, 3). Runs within every handshake on what a
// stranger sent: two look-ups in a map, and it never throws.
import type { Certificate } from './certificate.ts';
import { normalName, wildcardFor } from './names.ts';

/** A certificate and the names under which it is served, whatever names it holds itself. */
export interface SelectorEntry {
  readonly certificate: Certificate;
  /** Host names and wildcards such as `*.example.com`. */
  readonly patterns: readonly string[];
}

/** Immutable: a reload builds another. */
export class CertificateSelector {
  /** For clients that send no name or an unknown one; undefined: they are refused. */
  readonly default: Certificate | undefined;
  readonly #byPattern: ReadonlyMap<string, Certificate>;

  /** Of two entries with the same pattern the first counts. */
  constructor(entries: Iterable<SelectorEntry>, defaultCertificate?: Certificate) {
    const byPattern = new Map<string, Certificate>();
    for (const { certificate, patterns } of entries) {
      for (const pattern of patterns.map(normalName)) {
        if (!byPattern.has(pattern)) byPattern.set(pattern, certificate);
      }
    }
    this.#byPattern = byPattern;
    this.default = defaultCertificate;
  }

  /**
   * The exact name's certificate, else that of `*.` and its parent, else the default; case and a trailing dot do not
   * count.
   */
  select(servername: string | undefined): Certificate | undefined {
    if (servername === undefined || servername === '') return this.default;
    const name = normalName(servername);
    const exact = this.#byPattern.get(name);
    if (exact !== undefined) return exact;
    const wildcard = wildcardFor(name);
    return (wildcard === undefined ? undefined : this.#byPattern.get(wildcard)) ?? this.default;
  }
}

/** A selector, or what gives the present one: a server outlives the configuration that it began with. */
export type SelectorSource = CertificateSelector | (() => CertificateSelector);

export function currentSelector(source: SelectorSource): CertificateSelector {
  return typeof source === 'function' ? source() : source;
}
