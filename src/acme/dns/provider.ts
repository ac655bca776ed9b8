// What every provider of DNS records promises. A provider knows one service and nothing of ACME: it gets
// the name and the value of a TXT record.

/** Seconds that others may keep a record: it is of use for minutes only. */
export const recordTtlS = 60;

export interface TxtRecord {
  /** Where the record stands, after CNAME delegation: lower case, no trailing dot. */
  readonly fqdn: string;
  /** One string, of letters, digits, `-` and `_`. */
  readonly value: string;
}

/**
 * Sets and removes TXT records of one service.
 *
 * Several values live side by side under one name: a certificate for `example.com` and `*.example.com` has two
 * at the same time, and others may have put theirs there. So presenting adds and never replaces, presenting the
 * same again is harmless, cleaning up removes that one value and leaves the others, and a value that is not there
 * is no error.
 *
 * Both end when the signal is aborted, at the latest. They throw GatehouseError `dns_provider_failed` and nothing
 * else; its message says what was tried and what the service answered, and never holds a credential. `retry` is
 * true where the same may work later: a timeout, a limit, a fault of the service; false where somebody has to
 * change something.
 *
 * A caller does not call twice at the same time for one name.
 */
export interface DnsProvider {
  /** Adds the record. When it returns the service has accepted it; name servers may still lag behind. */
  present(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** Removes the record. */
  cleanup(record: TxtRecord, signal: AbortSignal): Promise<void>;
}
