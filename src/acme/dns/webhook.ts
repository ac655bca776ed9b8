// Provider webhook: a service of the operator's sets the records. It gets a POST to /present or /cleanup
// below its URL with {"fqdn": …, "value": …}; any 2xx says that it is done.

import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import { Api, statusWords } from './api.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';

export function webhook(
  { url, token }: DnsProviderConfig & { name: 'webhook' },
  pace: { readonly firstPauseMs?: number } = {},
): DnsProvider {
  const base = new URL(url);
  const query = base.search;
  base.search = '';
  base.hash = '';
  const api = new Api({
    provider: 'webhook',
    endpoint: base.href,
    // A query may be a credential too.
    secrets: [token ?? '', query.slice(1)],
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...pace,
  });
  const post = async (action: string, { fqdn, value }: TxtRecord, signal: AbortSignal): Promise<void> => {
    const what = `POST ${base.href.replace(/\/+$/, '')}/${action} for ${fqdn}`;
    const body = { type: 'application/json', text: JSON.stringify({ fqdn, value }) };
    const answer = await api.call({ what, method: 'POST', path: `/${action}${query}`, body }, signal);
    if (answer.status >= 200 && answer.status < 300) return;
    throw api.failure({ what, answer: statusWords(answer), advice: adviceFor(answer.status) });
  };
  return {
    present: (record, signal) => post('present', record, signal),
    cleanup: (record, signal) => post('cleanup', record, signal),
  };
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return 'see that dns.token is the one that the service expects';
  if (status >= 300 && status < 400) return 'write the URL that it redirects to, for redirects are not followed';
  return 'see that dns.url is right and the service answers 2xx';
}
