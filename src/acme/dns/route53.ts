// Provider route53: record sets by the API of 2013-04-01. A record set holds all values of a name, so a
// change takes the old set away and puts the new one in its place, in one batch that fails as a whole when
// somebody else was faster.

import { setTimeout as sleep } from 'node:timers/promises';
import type { XmlElement } from '@rgrove/parse-xml';
import { parseXml } from '@rgrove/parse-xml';
import { AwsV4Signer } from 'aws4fetch';
import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import type { ApiAnswer, ApiRequest } from './api.ts';
import { Api } from './api.ts';
import { stopped } from './failure.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';
import { recordTtlS } from './provider.ts';
import { zoneCandidates } from './zone-names.ts';

const publicEndpoint = 'https://route53.amazonaws.com';
const root = '/2013-04-01';
const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';
/** A change that lost the race is made anew from what is there then. */
const maxRaces = 5;
/** Of one name: a private and a public zone, and perhaps several of those. */
const maxZones = 20;
const defaultPollMs = 3000;

/** Answers with status 400 that ask to come again later. */
const busyCodes = ['Throttling', 'ThrottlingException', 'PriorRequestNotComplete'];
const accessCodes = [
  'AccessDenied',
  'AccessDeniedException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'MissingAuthenticationToken',
  'InvalidSignatureException',
  'RequestExpired',
];

type Settings = DnsProviderConfig & { name: 'route53' };

interface Pace {
  readonly firstPauseMs?: number;
  readonly pollMs?: number;
}

export function route53(settings: Settings, pace: Pace = {}): DnsProvider {
  return new Route53(settings, pace);
}

/** The values of a TXT record set, quoted as the API has them. */
interface RecordSet {
  readonly ttl: string;
  readonly values: readonly string[];
}

class Route53 implements DnsProvider {
  readonly #settings: Settings;
  readonly #api: Api;
  readonly #pollMs: number;
  readonly #teller: { readonly provider: string; readonly secrets: readonly string[] };

  constructor(settings: Settings, { pollMs = defaultPollMs, ...pace }: Pace) {
    this.#settings = settings;
    this.#pollMs = pollMs;
    this.#teller = { provider: 'route53', secrets: [settings.secretAccessKey, settings.sessionToken ?? ''] };
    this.#api = new Api({
      ...this.#teller,
      endpoint: settings.endpoint ?? publicEndpoint,
      sign: (request) => sign(request, settings),
      isBusy: (answer) => answer.status === 400 && busyCodes.includes(errorOf(answer).code),
      ...pace,
    });
  }

  async present({ fqdn, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const quoted = `"${value}"`;
    const change = await this.#change(`adding the TXT record ${fqdn}`, fqdn, signal, (old) =>
      old.values.includes(quoted) ? undefined : { ...old, values: [...old.values, quoted] },
    );
    if (change !== undefined) await this.#inSync(change, fqdn, signal);
  }

  async cleanup({ fqdn, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const quoted = `"${value}"`;
    await this.#change(`removing the TXT record ${fqdn}`, fqdn, signal, (old) =>
      old.values.includes(quoted) ? { ...old, values: old.values.filter((each) => each !== quoted) } : undefined,
    );
  }

  /** The path of the change; undefined when nothing had to change. */
  async #change(
    what: string,
    fqdn: string,
    signal: AbortSignal,
    edit: (old: RecordSet) => RecordSet | undefined,
  ): Promise<string | undefined> {
    const zone = this.#settings.zoneId ?? (await this.#zoneOf(fqdn, signal));
    for (let race = 1; ; race++) {
      const old = await this.#recordSet(zone, fqdn, signal);
      const wanted = edit(old);
      if (wanted === undefined) return undefined;
      const body = { type: 'application/xml', text: changeBatch(fqdn, old, wanted) };
      const answer = await this.#api.call(
        { what, method: 'POST', path: `${root}/hostedzone/${zone}/rrset`, body },
        signal,
      );
      const isLost = answer.status === 400 && errorOf(answer).code === 'InvalidChangeBatch';
      if (!isLost || race === maxRaces) return textAt(this.#read(what, answer), 'ChangeInfo', 'Id');
    }
  }

  async #inSync(change: string, fqdn: string, signal: AbortSignal): Promise<void> {
    const what = `waiting for the TXT record ${fqdn} at all name servers`;
    const path = `${root}/change/${encodeURIComponent(change.replace(/^\/?change\//, ''))}`;
    for (;;) {
      const answer = this.#read(what, await this.#api.call({ what, method: 'GET', path }, signal));
      const status = textAt(answer, 'ChangeInfo', 'Status');
      if (status === 'INSYNC') return;
      await sleep(this.#pollMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw stopped(this.#teller, what, `the change is ${status}`);
    }
  }

  async #zoneOf(fqdn: string, signal: AbortSignal): Promise<string> {
    const what = `finding the hosted zone of ${fqdn}`;
    for (const name of zoneCandidates(fqdn, 2)) {
      const path = `${root}/hostedzonesbyname?dnsname=${name}&maxitems=${maxZones}`;
      const answer = this.#read(what, await this.#api.call({ what, method: 'GET', path }, signal));
      const zones = childrenAt(answer, 'HostedZones').filter((zone) => nameOf(textAt(zone, 'Name')) === name);
      // A private zone answers inside a VPC only; no authority would see the record.
      const zone = zones.find((each) => textAt(each, 'Config', 'PrivateZone') !== 'true');
      if (zone !== undefined) return encodeURIComponent(textAt(zone, 'Id').replace(/^\/?hostedzone\//, ''));
    }
    const answer = 'the account has no public hosted zone that holds this name';
    const advice = 'see whose access key dns.accessKeyId is, or write dns.zoneId';
    throw this.#api.failure({ what, answer, advice });
  }

  async #recordSet(zone: string, fqdn: string, signal: AbortSignal): Promise<RecordSet> {
    const what = `reading the TXT records ${fqdn}`;
    const path = `${root}/hostedzone/${zone}/rrset?name=${fqdn}&type=TXT&maxitems=1`;
    const answer = this.#read(what, await this.#api.call({ what, method: 'GET', path }, signal));
    // The list begins at the name and goes on to later ones.
    const [set] = childrenAt(answer, 'ResourceRecordSets');
    if (set === undefined || nameOf(textAt(set, 'Name')) !== fqdn || textAt(set, 'Type') !== 'TXT') {
      return { ttl: String(recordTtlS), values: [] };
    }
    if (textAt(set, 'SetIdentifier') !== '') {
      const advice = 'remove the routing policy of this record set';
      throw this.#api.failure({ what, answer: 'the record set is one of several with a routing policy', advice });
    }
    const values = childrenAt(set, 'ResourceRecords').map((record) => textAt(record, 'Value'));
    return { ttl: textAt(set, 'TTL'), values };
  }

  /** The root element of a good answer; throws for any other. */
  #read(what: string, answer: ApiAnswer): XmlElement {
    const element = rootOf(answer);
    if (element === undefined) throw this.#api.unreadable(what, answer);
    if (answer.status === 200) return element;
    const { code, message } = errorOf(answer);
    if (code === '') throw this.#api.unreadable(what, answer);
    throw this.#api.failure({
      what,
      answer: `HTTP ${answer.status}: ${code}: ${message}`,
      advice: accessCodes.includes(code)
        ? 'see that the access key is valid and allows route53:ListHostedZonesByName, ListResourceRecordSets, ChangeResourceRecordSets and GetChange'
        : 'see the hosted zone and what it holds under this name',
    });
  }
}

async function sign(request: ApiRequest, settings: Settings): Promise<ApiRequest> {
  const { accessKeyId, secretAccessKey, sessionToken, region } = settings;
  const signer = new AwsV4Signer({
    ...request,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 'route53',
    region,
  });
  const { headers } = await signer.sign();
  return { ...request, headers: Object.fromEntries(headers) };
}

/** Takes the old set away exactly as it was read, so that the batch fails when it is no longer so. */
function changeBatch(fqdn: string, old: RecordSet, wanted: RecordSet): string {
  const changes = [
    ...(old.values.length === 0 ? [] : [change('DELETE', fqdn, old)]),
    ...(wanted.values.length === 0 ? [] : [change('CREATE', fqdn, wanted)]),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ChangeResourceRecordSetsRequest xmlns="${namespace}"><ChangeBatch><Changes>${changes.join('')}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
}

function change(action: 'DELETE' | 'CREATE', fqdn: string, { ttl, values }: RecordSet): string {
  const records = values.map((value) => `<ResourceRecord><Value>${escapeXml(value)}</Value></ResourceRecord>`);
  const set = `<Name>${fqdn}.</Name><Type>TXT</Type><TTL>${escapeXml(ttl)}</TTL><ResourceRecords>${records.join('')}</ResourceRecords>`;
  return `<Change><Action>${action}</Action><ResourceRecordSet>${set}</ResourceRecordSet></Change>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Code and message of an error, which stands in ErrorResponse or, of a batch, in a list of messages. */
function errorOf(answer: ApiAnswer): { readonly code: string; readonly message: string } {
  const element = rootOf(answer);
  if (element === undefined) return { code: '', message: '' };
  if (element.name === 'InvalidChangeBatch') return { code: element.name, message: element.text };
  return { code: textAt(element, 'Error', 'Code'), message: textAt(element, 'Error', 'Message') };
}

/** undefined: the text is no XML. */
function rootOf({ text }: ApiAnswer): XmlElement | undefined {
  try {
    return parseXml(text).root ?? undefined;
  } catch {
    return undefined;
  }
}

function childrenAt(element: XmlElement, ...names: readonly string[]): XmlElement[] {
  const parent = names.reduce<XmlElement | undefined>(
    (at, name) => childrenOf(at).find((each) => each.name === name),
    element,
  );
  return childrenOf(parent);
}

/** The text of the first element at the end of the names; empty when there is none. */
function textAt(element: XmlElement, ...names: readonly string[]): string {
  const last = names.at(-1);
  const found = childrenAt(element, ...names.slice(0, -1)).find((each) => each.name === last);
  return found?.text.trim() ?? '';
}

function childrenOf(element: XmlElement | undefined): XmlElement[] {
  return (element?.children ?? []).filter((child): child is XmlElement => child.type === 'element');
}

/** A name as others write it: no trailing dot, and characters instead of their octal codes (`\052` is `*`). */
function nameOf(written: string): string {
  const plain = written.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return plain.replace(/\.$/, '').toLowerCase();
}
