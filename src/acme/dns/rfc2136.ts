// Provider rfc2136: dynamic updates (RFC 2136) to a primary server, signed with TSIG. BIND, Knot,
// PowerDNS, NSD's proxies and Windows take them.

import { randomInt } from 'node:crypto';
import type { DnsProviderConfig } from '../../config/model/certificates.ts';
import { formatDnsServer } from '../../config/syntax/dns-server.ts';
import type { ExchangeOptions } from './dns-exchange.ts';
import { exchange, NoAnswer } from './dns-exchange.ts';
import type { DnsMessage, NewMessage } from './dns-message.ts';
import { classes, decodeMessage, encodeMessage, encodeText, MalformedMessage, opcodes, types } from './dns-message.ts';
import type { Failure } from './failure.ts';
import { providerFailure, stopped } from './failure.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';
import { recordTtlS } from './provider.ts';
import type { TsigKey, Verdict } from './tsig.ts';
import { sign, verify } from './tsig.ts';
import { isWithin } from './zone-names.ts';

const rcodes: readonly string[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];
const nxdomain = 3;

/** What to do about an answer, by its code. */
const advice: Readonly<Record<string, string>> = {
  SERVFAIL: "see the server's log; the zone may be read-only there, or its journal not writable",
  NOTIMP: 'see that the server takes dynamic updates',
  REFUSED: 'let the key change TXT records of this name (BIND: update-policy or allow-update)',
  NOTAUTH: 'write the primary server of the zone in dns.server',
  NOTZONE: 'write the zone that holds the name in dns.zone, or leave it out',
  BADKEY: 'see that the server knows dns.keyName with dns.keyAlgorithm',
  BADSIG: "see that dns.keySecret is the server's",
  BADTIME: 'set the clocks of both sides',
};
/** Answers after which the same may work later. */
const passing: readonly string[] = ['SERVFAIL', 'BADTIME'];

type Settings = DnsProviderConfig & { name: 'rfc2136' };

export function rfc2136(settings: Settings, pace: Pick<ExchangeOptions, 'udpWaitsMs'> = {}): DnsProvider {
  return new Rfc2136(settings, pace);
}

class Rfc2136 implements DnsProvider {
  readonly #settings: Settings;
  readonly #options: ExchangeOptions;
  readonly #key: TsigKey;
  readonly #teller: { readonly provider: string; readonly secrets: readonly string[] };

  constructor(settings: Settings, pace: Pick<ExchangeOptions, 'udpWaitsMs'>) {
    this.#settings = settings;
    this.#options = { transport: settings.transport, ...pace };
    this.#key = { ...settings.key, secret: Buffer.from(settings.key.secret, 'base64') };
    this.#teller = { provider: 'rfc2136', secrets: [settings.key.secret] };
  }

  present(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#update(`adding the TXT record ${record.fqdn}`, record, classes.IN, recordTtlS, signal);
  }

  /** Class NONE: this one record (RFC 2136, 2.5.4). */
  cleanup(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#update(`removing the TXT record ${record.fqdn}`, record, classes.NONE, 0, signal);
  }

  async #update(
    what: string,
    { fqdn, value }: TxtRecord,
    recordClass: number,
    ttl: number,
    signal: AbortSignal,
  ): Promise<void> {
    const zone = this.#settings.zone ?? (await this.#zoneOf(fqdn, signal));
    const answer = await this.#ask(what, signal, {
      opcode: opcodes.update,
      question: { name: zone, type: types.SOA, class: classes.IN },
      updates: [{ name: fqdn, type: types.TXT, class: recordClass, ttl, data: encodeText(value) }],
    });
    if (answer.rcode !== 0) throw this.#refused(what, rcodeOf(answer));
  }

  /** The server names the zone in the answer, or beside it when the name does not exist (RFC 2308, 2). */
  async #zoneOf(fqdn: string, signal: AbortSignal): Promise<string> {
    const what = `finding the zone of ${fqdn}`;
    const question = { name: fqdn, type: types.SOA, class: classes.IN };
    const answer = await this.#ask(what, signal, { opcode: opcodes.query, question, updates: [] });
    if (answer.rcode !== 0 && answer.rcode !== nxdomain) {
      throw this.#failure({ what, answer: this.#said(rcodeOf(answer)), advice: 'write the zone in dns.zone' });
    }
    const soa = [...answer.answers, ...answer.authorities].find(({ type }) => type === types.SOA);
    if (soa !== undefined && isWithin(fqdn, soa.name)) return soa.name;
    const said = this.#said('no zone that holds this name');
    throw this.#failure({ what, answer: said, advice: 'write the primary server of the zone in dns.server' });
  }

  /** A verified answer. */
  async #ask(what: string, signal: AbortSignal, message: Omit<NewMessage, 'id'>): Promise<DnsMessage> {
    const id = randomInt(0x10000);
    const signed = sign(encodeMessage({ ...message, id }), this.#key, nowS());
    const isAnswer = (bytes: Buffer): boolean => {
      const answer = decode(bytes);
      if (answer === undefined || answer.id !== id || !answer.isAnswer || answer.opcode !== message.opcode)
        return false;
      // Over UDP a forged answer must not end the wait for the true one (RFC 8945, 5.3).
      return (
        this.#options.transport === 'tcp' || isBelieved(verify(bytes, answer, this.#key, signed.mac, nowS()), answer)
      );
    };
    const bytes = await exchange(this.#settings.server, signed.message, isAnswer, signal, this.#options).catch(
      (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        if (signal.aborted) throw stopped(this.#teller, what, this.#said(error.message));
        const reach = 'see that dns.server is right and can be reached';
        throw this.#failure({ what, answer: this.#said(error.message), advice: reach, retry: true });
      },
    );
    const answer = decode(bytes);
    if (answer === undefined) throw this.#failure({ what, answer: this.#said('no DNS message'), advice: seeServer });
    const verdict = verify(bytes, answer, this.#key, signed.mac, nowS());
    if (verdict.isGood) return answer;
    if (verdict.refusal !== undefined) throw this.#refused(what, verdict.refusal, verdict.serverTimeS);
    // A server that refuses may do so unsigned; that nothing was done can be believed.
    if (answer.rcode !== 0 && !isSigned(answer)) throw this.#refused(what, rcodeOf(answer));
    throw this.#failure({ what, answer: this.#said(verdict.fault), advice: seeServer });
  }

  #refused(what: string, code: string, serverTimeS?: number): Error {
    const apart = serverTimeS === undefined ? '' : ` (its clock is ${serverTimeS - nowS()} s ahead of ours)`;
    return this.#failure({
      what,
      answer: this.#said(code) + apart,
      advice: advice[code] ?? seeServer,
      retry: passing.includes(code),
    });
  }

  #said(words: string): string {
    return `${formatDnsServer(this.#settings.server)} said ${words}`;
  }

  #failure(failure: Failure): Error {
    return providerFailure(this.#teller, failure);
  }
}

const seeServer = "see the server's log";

/** Whether the answer is from someone with the key, or a refusal, which may be unsigned. */
function isBelieved(verdict: Verdict, answer: DnsMessage): boolean {
  return verdict.isGood || verdict.refusal !== undefined || answer.rcode !== 0;
}

function isSigned({ additionals }: DnsMessage): boolean {
  return additionals.some(({ type }) => type === types.TSIG);
}

function decode(bytes: Buffer): DnsMessage | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

function rcodeOf({ rcode }: DnsMessage): string {
  return rcodes[rcode] ?? `code ${rcode}`;
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
