// The DNS that pebble asks: pebble-challtestsrv, with its web servers off. Every name leads to 127.0.0.1 unless said.
import { freePort } from './ports.ts';
import { Program } from './program.ts';

export class MockDns {
  /** `host:port`, for UDP and TCP. */
  readonly address: string;
  readonly #program: Program;
  /** Where records are set, as URL. */
  readonly management: string;

  private constructor(program: Program, port: number, managementPort: number) {
    this.#program = program;
    this.address = `127.0.0.1:${port}`;
    this.management = `http://127.0.0.1:${managementPort}`;
  }

  static async start(): Promise<MockDns> {
    const [port, managementPort] = [await freePort(), await freePort()];
    const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
    const args = ['-management', `127.0.0.1:${managementPort}`, '-dns01', `127.0.0.1:${port}`, '-defaultIPv6', ''];
    const program = await Program.start('pebble-challtestsrv', [...off, ...args], { port });
    return new MockDns(program, port, managementPort);
  }

  /** For names without an A record of their own. Empty: they have no address. */
  async setDefaultIpv4(ip: string): Promise<void> {
    await this.#post('set-default-ipv4', { ip });
  }

  async setDefaultIpv6(ip: string): Promise<void> {
    await this.#post('set-default-ipv6', { ip });
  }

  /** Instead of what the name had. */
  async setA(host: string, ...addresses: string[]): Promise<void> {
    await this.#post('clear-a', { host });
    await this.#post('add-a', { host, addresses });
  }

  async setAaaa(host: string, ...addresses: string[]): Promise<void> {
    await this.#post('clear-aaaa', { host });
    await this.#post('add-aaaa', { host, addresses });
  }

  /** One more value; a name may have several. */
  async addTxt(host: string, value: string): Promise<void> {
    await this.#post('set-txt', { host: rooted(host), value });
  }

  /** All values of the name go. */
  async clearTxt(host: string): Promise<void> {
    await this.#post('clear-txt', { host: rooted(host) });
  }

  async setCname(host: string, target: string): Promise<void> {
    await this.#post('set-cname', { host, target });
  }

  async clearCname(host: string): Promise<void> {
    await this.#post('clear-cname', { host });
  }

  /** CAA records; a policy is a tag with its value, such as `issue` and `ca.example`. */
  async addCaa(host: string, ...policies: readonly { readonly tag: string; readonly value: string }[]): Promise<void> {
    await this.#post('add-caa', { host, policies });
  }

  /** Questions about this name are answered with SERVFAIL. */
  async setServfail(host: string): Promise<void> {
    await this.#post('set-servfail', { host });
  }

  async clearServfail(host: string): Promise<void> {
    await this.#post('clear-servfail', { host });
  }

  /** The questions asked about this very name so far. */
  async history(host: string): Promise<unknown[]> {
    const answer = await this.#post('dns-request-history', { host });
    return JSON.parse(answer) as unknown[];
  }

  log(): string {
    return this.#program.log();
  }

  stop(): Promise<void> {
    return this.#program.end();
  }

  async #post(command: string, body: object): Promise<string> {
    const answer = await fetch(`${this.management}/${command}`, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`challtestsrv ${command}: ${answer.status} ${text}`);
    return text;
  }
}

/** TXT records are kept under names with their last dot. */
function rooted(host: string): string {
  return host.endsWith('.') ? host : `${host}.`;
}
