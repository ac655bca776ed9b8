// The addresses of a server with a host name: looked up again and again beside the traffic, so that no request waits for
// a name server, and none fails because one is away.
import type { LookupAddress } from 'node:dns';
import { lookup as lookUp } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import type { Alarm, Clock } from '../base/clock.ts';

/** Every address of a name, in the order of preference; fails as dns.lookup does. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

/** As the machine resolves names for every program: its hosts file, then its name servers. It tells no time to live. */
export const systemLookup: Lookup = (host) => lookUp(host, { all: true });

/** Each time up to so much more or less, so that gateways do not ask in step. */
const JITTER = 0.1;

export interface AddressesOptions {
  readonly host: string;
  readonly everyMs: number;
  readonly lookup: Lookup;
  readonly clock: Clock;
  /** The name leads elsewhere than before; never called for the first addresses. */
  readonly onChange: (addresses: ReadonlySet<string>) => void;
}

export class Addresses {
  readonly #options: AddressesOptions;
  #known: readonly LookupAddress[] = [];
  /** Every connection begins with another address. */
  #turn = 0;
  #asking: Promise<readonly LookupAddress[]> | undefined;
  #alarm: Alarm | undefined;
  #isRunning = false;

  constructor(options: AddressesOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#refresh();
  }

  stop(): void {
    this.#isRunning = false;
    this.#alarm?.cancel();
  }

  /** For `net.connect`, which tries the addresses one after the other. Waits only while none is known yet. */
  readonly lookup: LookupFunction = (_host, options, callback) => {
    const answer = (addresses: readonly LookupAddress[]): void => {
      const at = this.#turn++ % addresses.length;
      const turned = [...addresses.slice(at), ...addresses.slice(0, at)];
      const [first] = turned;
      if (options.all === true) callback(null, turned);
      else callback(null, first?.address ?? '', first?.family);
    };
    if (this.#known.length > 0) answer(this.#known);
    else this.#ask().then(answer, (error: NodeJS.ErrnoException) => callback(error, []));
  };

  async #refresh(): Promise<void> {
    try {
      await this.#ask();
    } catch {
      // The last addresses stay; a server that nobody finds shows in the requests to it.
    }
    if (!this.#isRunning) return;
    const { clock, everyMs } = this.#options;
    this.#alarm?.cancel();
    this.#alarm = clock.after(everyMs * (1 + JITTER * (2 * Math.random() - 1)), () => void this.#refresh());
  }

  /** Whoever asks meanwhile gets the same answer. */
  #ask(): Promise<readonly LookupAddress[]> {
    this.#asking ??= this.#lookUp().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #lookUp(): Promise<readonly LookupAddress[]> {
    const { host, lookup, onChange } = this.#options;
    const addresses = await lookup(host);
    if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
    const before = new Set(this.#known.map(({ address }) => address));
    const now = new Set(addresses.map(({ address }) => address));
    this.#known = addresses;
    if (before.size > 0 && before.symmetricDifference(now).size > 0) onChange(now);
    return addresses;
  }
}
