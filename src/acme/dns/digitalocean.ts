// Provider digitalocean: records by the API, version 2, with an access token.

import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import type { ApiAnswer } from './api.ts';
import { Api, fieldsOf, itemsOf, parseJson } from './api.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';
import { recordTtlS } from './provider.ts';
import { zoneCandidates } from './zone-names.ts';

const publicEndpoint = 'https://api.digitalocean.com';
const pageSize = 200;
const maxPages = 20;

export function digitalocean(
  { token, endpoint }: DnsProviderConfig & { name: 'digitalocean' },
  pace: { readonly firstPauseMs?: number } = {},
): DnsProvider {
  const api = new Api({
    provider: 'digitalocean',
    endpoint: endpoint ?? publicEndpoint,
    secrets: [token],
    headers: { authorization: `Bearer ${token}` },
    ...pace,
  });
  return new DigitalOcean(api);
}

class DigitalOcean implements DnsProvider {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async present(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const domain = await this.#domainOf(record.fqdn, signal);
    if ((await this.#recordsOf(domain, record, signal)).length > 0) return;
    const what = `adding the TXT record ${record.fqdn}`;
    const fields = { type: 'TXT', name: relative(record.fqdn, domain), data: record.value, ttl: recordTtlS };
    const body = { type: 'application/json', text: JSON.stringify(fields) };
    const path = `/v2/domains/${domain}/records`;
    this.#bodyOf(what, await this.#api.call({ what, method: 'POST', path, body }, signal));
  }

  /** A value may stand there twice, when the answer to adding it was lost; all of them go. */
  async cleanup(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const domain = await this.#domainOf(record.fqdn, signal);
    const what = `removing the TXT record ${record.fqdn}`;
    for (const id of await this.#recordsOf(domain, record, signal)) {
      const answer = await this.#api.call(
        { what, method: 'DELETE', path: `/v2/domains/${domain}/records/${id}` },
        signal,
      );
      if (answer.status !== 404 && answer.status !== 204) this.#bodyOf(what, answer);
    }
  }

  async #domainOf(fqdn: string, signal: AbortSignal): Promise<string> {
    const what = `finding the domain of ${fqdn}`;
    for (const name of zoneCandidates(fqdn, 2)) {
      const answer = await this.#api.call({ what, method: 'GET', path: `/v2/domains/${name}` }, signal);
      if (answer.status === 404) continue;
      if (fieldsOf(this.#bodyOf(what, answer).domain).name === name) return name;
    }
    const answer = 'the account has no domain that holds this name';
    throw this.#api.failure({ what, answer, advice: "see the account's domains and whose token dns.token is" });
  }

  /** The identifiers of the records with this name and value. */
  async #recordsOf(domain: string, { fqdn, value }: TxtRecord, signal: AbortSignal): Promise<number[]> {
    const what = `listing the TXT records ${fqdn}`;
    const ids: number[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const path = `/v2/domains/${domain}/records?type=TXT&name=${fqdn}&per_page=${pageSize}&page=${page}`;
      const body = this.#bodyOf(what, await this.#api.call({ what, method: 'GET', path }, signal));
      for (const record of itemsOf(body.domain_records).map(fieldsOf)) {
        const isIt = record.type === 'TXT' && record.name === relative(fqdn, domain) && record.data === value;
        if (isIt && typeof record.id === 'number') ids.push(record.id);
      }
      // The address of the next page is not followed: the token goes to the endpoint and nowhere else.
      if (fieldsOf(fieldsOf(body.links).pages).next === undefined) break;
    }
    return ids;
  }

  #bodyOf(what: string, answer: ApiAnswer): Readonly<Record<string, unknown>> {
    const body = parseJson(answer.text);
    const isGood = answer.status >= 200 && answer.status < 300;
    if (typeof body !== 'object') throw this.#api.unreadable(what, answer);
    const fields = fieldsOf(body);
    if (isGood) return fields;
    throw this.#api.failure({
      what,
      answer: `HTTP ${answer.status}: ${String(fields.message)} (${String(fields.id)})`,
      advice:
        answer.status === 401 || answer.status === 403
          ? 'see that dns.token is valid and may read and write domains'
          : 'see what the domain holds under this name',
    });
  }
}

/** `@` is the domain itself. */
function relative(fqdn: string, domain: string): string {
  return fqdn === domain ? '@' : fqdn.slice(0, -(domain.length + 1));
}
