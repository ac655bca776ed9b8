// Provider cloudflare: records by the API, version 4, with an API token.

import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import type { ApiAnswer, ApiCall } from './api.ts';
import { Api, fieldsOf, itemsOf, parseJson } from './api.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';
import { recordTtlS } from './provider.ts';
import { zoneCandidates } from './zone-names.ts';

const publicEndpoint = 'https://api.cloudflare.com/client/v4';
const pageSize = 100;
const maxPages = 20;
/** "An identical record already exists": both codes are seen. */
const recordExists = [81057, 81058];

export function cloudflare(
  settings: DnsProviderConfig & { name: 'cloudflare' },
  pace: { readonly firstPauseMs?: number } = {},
): DnsProvider {
  const api = new Api({
    provider: 'cloudflare',
    endpoint: settings.endpoint ?? publicEndpoint,
    secrets: [settings.token],
    headers: { authorization: `Bearer ${settings.token}` },
    ...pace,
  });
  return new Cloudflare(api, settings.zoneId);
}

class Cloudflare implements DnsProvider {
  readonly #api: Api;
  readonly #zoneId: string | undefined;

  constructor(api: Api, zoneId: string | undefined) {
    this.#api = api;
    this.#zoneId = zoneId;
  }

  async present(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#zoneOf(record.fqdn, signal);
    if ((await this.#recordsOf(zone, record, signal)).length > 0) return;
    const what = `adding the TXT record ${record.fqdn}`;
    // Content is in presentation format: without quotes the service keeps the record but warns of it.
    const fields = { type: 'TXT', name: record.fqdn, content: `"${record.value}"`, ttl: recordTtlS };
    const body = { type: 'application/json', text: JSON.stringify(fields) };
    const call: ApiCall = { what, method: 'POST', path: `/zones/${zone}/dns_records`, body };
    const answer = await this.#api.call(call, signal);
    // The answer to an attempt before may have been lost.
    if (codesOf(answer).some((code) => recordExists.includes(code))) return;
    this.#resultOf(call.what, answer);
  }

  async cleanup(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#zoneOf(record.fqdn, signal);
    for (const id of await this.#recordsOf(zone, record, signal)) {
      const what = `removing the TXT record ${record.fqdn}`;
      const path = `/zones/${zone}/dns_records/${encodeURIComponent(id)}`;
      const answer = await this.#api.call({ what, method: 'DELETE', path }, signal);
      if (answer.status !== 404) this.#resultOf(what, answer);
    }
  }

  async #zoneOf(fqdn: string, signal: AbortSignal): Promise<string> {
    if (this.#zoneId !== undefined) return this.#zoneId;
    const what = `finding the zone of ${fqdn}`;
    for (const name of zoneCandidates(fqdn, 2)) {
      const path = `/zones?name=${encodeURIComponent(name)}`;
      const zones = itemsOf(this.#resultOf(what, await this.#api.call({ what, method: 'GET', path }, signal)).result);
      const { id } = fieldsOf(zones.find((zone) => fieldsOf(zone).name === name));
      if (typeof id === 'string') return encodeURIComponent(id);
    }
    const answer = 'the token sees no zone that holds this name';
    const advice = 'give the token Zone Read for the zone, or write dns.zoneId';
    throw this.#api.failure({ what, answer, advice });
  }

  /** The identifiers of the records with this name and value. */
  async #recordsOf(zone: string, { fqdn, value }: TxtRecord, signal: AbortSignal): Promise<string[]> {
    const what = `listing the TXT records ${fqdn}`;
    const ids: string[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const query = `type=TXT&name=${encodeURIComponent(fqdn)}&per_page=${pageSize}&page=${page}`;
      const path = `/zones/${zone}/dns_records?${query}`;
      const body = this.#resultOf(what, await this.#api.call({ what, method: 'GET', path }, signal));
      for (const record of itemsOf(body.result).map(fieldsOf)) {
        const isIt = record.name === fqdn && record.type === 'TXT' && unquoted(record.content) === value;
        if (isIt && typeof record.id === 'string') ids.push(record.id);
      }
      if (page >= Number(fieldsOf(body.result_info).total_pages ?? 1)) break;
    }
    return ids;
  }

  /** The body of an answer that says success; throws for any other. */
  #resultOf(what: string, answer: ApiAnswer): Readonly<Record<string, unknown>> {
    const body = fieldsOf(parseJson(answer.text));
    if (answer.status < 300 && body.success === true) return body;
    if (typeof body.success !== 'boolean') throw this.#api.unreadable(what, answer);
    const errors = itemsOf(body.errors).map(fieldsOf);
    const words = errors.map(({ code, message }) => `${String(message)} (${String(code)})`).join(', ');
    const isAccess = answer.status === 400 || answer.status === 401 || answer.status === 403;
    throw this.#api.failure({
      what,
      answer: `HTTP ${answer.status}: ${words}`,
      advice: isAccess
        ? 'see that dns.token is a valid API token with DNS Edit and Zone Read for the zone'
        : 'see what the zone holds under this name',
    });
  }
}

function codesOf(answer: ApiAnswer): number[] {
  return itemsOf(fieldsOf(parseJson(answer.text)).errors).map((error) => Number(fieldsOf(error).code));
}

function unquoted(content: unknown): string {
  return String(content).replace(/^"(.*)"$/, '$1');
}
