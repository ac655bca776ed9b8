// The dns-01 challenge: the record is written where it belongs, seen by those who will be asked, and taken
// away afterwards.

import { GatehouseError } from '../../base/errors.ts';
import type { DnsConfig } from '../../config/model/certificates.ts';
import { challengeNameOf, followCnames } from './delegation.ts';
import type { PropagationPace } from './propagation.ts';
import { seePropagation } from './propagation.ts';
import type { DnsProvider, TxtRecord } from './provider.ts';
import { makeProvider } from './registry.ts';

export interface Dns01Options {
  /** Instead of the one that the settings name. */
  readonly provider?: DnsProvider;
  readonly pace?: PropagationPace;
}

/** Removes what was published. Calling it again does nothing, or tries again when it failed. */
export type Withdraw = () => Promise<void>;

export class Dns01 {
  readonly #settings: DnsConfig;
  readonly #provider: DnsProvider;
  readonly #pace: PropagationPace;
  /** The last call of the provider for a name: it works on one name once at a time. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** How many publishers need a record: two orders may share an authorization, and so its value. */
  readonly #needed = new Map<string, number>();

  constructor(settings: DnsConfig, options: Dns01Options = {}) {
    this.#settings = settings;
    this.#provider = options.provider ?? makeProvider(settings.provider);
    this.#pace = options.pace ?? {};
  }

  /**
   * Writes the record that proves `name` (or `*.name`) and returns when it can be seen. `digest` is the SHA-256 of
   * the key authorization in base64url (RFC 8555, 8.4). The result removes the record; call it when the authority
   * has looked, whatever it found. Several may be published at the same time, under the same name too. Throws
   * GatehouseError, and leaves no record behind if it can.
   */
  async publish(name: string, digest: string, signal: AbortSignal): Promise<Withdraw> {
    const { challengeName, resolvers } = this.#settings;
    const fqdn = challengeName ?? (await followCnames(challengeNameOf(name), resolvers, signal));
    const record = { fqdn, value: digest };
    const withdraw = this.#hold(record);
    try {
      await this.#inTurn(fqdn, () => this.#provider.present(record, this.#deadline(signal)));
      await seePropagation(record, this.#settings, signal, this.#pace);
      if (signal.aborted) throw new GatehouseError('dns_not_visible', 'gateway', `the wait for ${fqdn} was ended`);
      return withdraw;
    } catch (error) {
      await withdraw().catch((second: Error) => {
        throw bothFailed(error, second);
      });
      throw error;
    }
  }

  #hold(record: TxtRecord): Withdraw {
    const id = `${record.fqdn} ${record.value}`;
    this.#needed.set(id, (this.#needed.get(id) ?? 0) + 1);
    let isHeld = true;
    let withdrawn: Promise<void> | undefined;
    const remove = async (): Promise<void> => {
      const left = (this.#needed.get(id) ?? 0) - (isHeld ? 1 : 0);
      isHeld = false;
      if (left > 0) {
        this.#needed.set(id, left);
        return;
      }
      this.#needed.delete(id);
      // The order's own signal may be what ended it; the record goes all the same.
      await this.#provider.cleanup(record, this.#deadline());
    };
    return () => {
      withdrawn ??= this.#inTurn(record.fqdn, remove).catch((error: unknown) => {
        withdrawn = undefined;
        throw error;
      });
      return withdrawn;
    };
  }

  async #inTurn<T>(fqdn: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(fqdn);
    const turn = (async (): Promise<T> => {
      await before?.catch(() => undefined);
      return await work();
    })();
    this.#turns.set(fqdn, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(fqdn) === turn) this.#turns.delete(fqdn);
    }
  }

  #deadline(signal?: AbortSignal): AbortSignal {
    const timeout = AbortSignal.timeout(this.#settings.timeoutMs);
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  }
}

/** The first failure, with the word that the record is still there. */
function bothFailed(error: unknown, second: Error): unknown {
  if (!(error instanceof GatehouseError)) return error;
  const message = `${error.message}; and the record may still be there: ${second.message}`;
  const { code, side, status, retry, cause } = error;
  return new GatehouseError(code, side, message, { status, retry, cause });
}
