import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { decodeMessage } from '../../../src/acme/dns/dns-message.ts';
import { rfc2136 } from '../../../src/acme/dns/rfc2136.ts';
import type { DnsProviderConfig, TsigKeyConfig } from '../../../src/config/model/certificates.ts';
import { hasComponent } from '../../support/components.ts';
import type { Named } from '../../support/named.ts';
import { freePort, startNamed } from '../../support/named.ts';
import { after, failureOf, noEnd } from './failing.ts';

const algorithms = ['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
const secret = randomBytes(32).toString('base64');
const keyOf = (algorithm: TsigKeyConfig['algorithm']) => ({ name: `key-${algorithm}`, algorithm, secret }) as const;

const grantAll = algorithms.map((algorithm) => `key-${algorithm} zonesub TXT`);
let named: Named;

type Overrides = Partial<DnsProviderConfig & { name: 'rfc2136' }>;

function settings(overrides: Overrides = {}): DnsProviderConfig & { name: 'rfc2136' } {
  return {
    name: 'rfc2136',
    server: { host: named.address, port: named.port },
    key: keyOf('hmac-sha256'),
    zone: undefined,
    transport: 'tcp',
    ...overrides,
  };
}

afterEach(() => vi.useRealTimers());

describe.skipIf(!hasComponent('named'))('against BIND', () => {
  beforeAll(async () => {
    named = await startNamed({
      keys: [...algorithms.map(keyOf), { name: 'weak', algorithm: 'hmac-sha256', secret }],
      zones: [
        { name: 'example.test', grants: [...grantAll, 'weak name other.example.test TXT'] },
        { name: 'deep.example.test', grants: grantAll },
        { name: 'frozen.test' },
      ],
    });
  });
  afterAll(() => named.close());

  test.for(algorithms)('a record is added and removed with %s', async (algorithm) => {
    const provider = rfc2136(settings({ key: keyOf(algorithm) }));
    const record = { fqdn: `_acme-challenge.${algorithm}.example.test`, value: 'one' };
    await provider.present(record, noEnd);
    expect(await named.txt(record.fqdn)).toEqual(['one']);
    await provider.cleanup(record, noEnd);
    expect(await named.txt(record.fqdn)).toEqual([]);
  });

  test.for(['tcp', 'udp'] as const)('values live side by side, and each goes alone, over %s', async (transport) => {
    const provider = rfc2136(settings({ transport }));
    const fqdn = `_acme-challenge.${transport}.example.test`;
    await provider.present({ fqdn, value: 'apex' }, noEnd);
    await provider.present({ fqdn, value: '-wildcard_' }, noEnd);
    await provider.present({ fqdn, value: 'apex' }, noEnd);
    expect(await named.txt(fqdn)).toEqual(['-wildcard_', 'apex']);
    await provider.cleanup({ fqdn, value: 'apex' }, noEnd);
    expect(await named.txt(fqdn)).toEqual(['-wildcard_']);
    await provider.cleanup({ fqdn, value: 'apex' }, noEnd);
    await provider.cleanup({ fqdn, value: '-wildcard_' }, noEnd);
    expect(await named.txt(fqdn)).toEqual([]);
  });

  test('the closest zone is found, also when the name is the zone', async () => {
    const provider = rfc2136(settings());
    for (const fqdn of ['_acme-challenge.deep.example.test', 'deep.example.test']) {
      await provider.present({ fqdn, value: 'v' }, noEnd);
      expect(await named.txt(fqdn)).toEqual(['v']);
      await provider.cleanup({ fqdn, value: 'v' }, noEnd);
    }
  });

  test('a zone that is written is used', async () => {
    const provider = rfc2136(settings({ zone: 'example.test' }));
    await provider.present({ fqdn: 'z.example.test', value: 'v' }, noEnd);
    expect(await named.txt('z.example.test')).toEqual(['v']);
  });

  test.for<[string, Overrides, string, RegExp]>([
    [
      'a wrong secret',
      { key: { ...keyOf('hmac-sha256'), secret: 'AAAA' } },
      'a.example.test',
      /said BADSIG; .*keySecret/,
    ],
    [
      'an unknown key',
      { key: { ...keyOf('hmac-sha256'), name: 'nobody' } },
      'a.example.test',
      /said BADKEY; .*keyName/,
    ],
    ['another algorithm', { key: { ...keyOf('hmac-sha256'), algorithm: 'hmac-sha512' } }, 'a.example.test', /BADKEY/],
    [
      'a key without the right',
      { key: { ...keyOf('hmac-sha256'), name: 'weak' } },
      'a.example.test',
      /REFUSED; .*update-policy/,
    ],
    ['a zone without updates', {}, 'a.frozen.test', /REFUSED; .*update-policy/],
    [
      'a zone of somebody else',
      {},
      'a.elsewhere.test',
      /finding the zone of a\.elsewhere\.test failed: .* said REFUSED; write the zone/,
    ],
    ['a zone that the server has not', { zone: 'elsewhere.test' }, 'a.elsewhere.test', /NOTAUTH; .*primary/],
    ['a zone that does not hold the name', { zone: 'deep.example.test' }, 'a.frozen.test', /NOTZONE; .*dns\.zone/],
  ])('%s is told in words', async ([, overrides, fqdn, message]) => {
    for (const transport of ['tcp', 'udp'] as const) {
      const provider = rfc2136(settings({ ...overrides, transport }), { udpWaitsMs: [1000] });
      const failure = await failureOf(provider.present({ fqdn, value: 'v' }, noEnd));
      expect(failure).toMatchObject({ code: 'dns_provider_failed', side: 'upstream', retry: false });
      expect(failure.message).toMatch(message);
      expect(failure.message).not.toContain(secret);
    }
  });

  test('clocks that are apart are told', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    const failure = await failureOf(rfc2136(settings()).present({ fqdn: 'a.example.test', value: 'v' }, noEnd));
    expect(failure.message).toMatch(/said BADTIME \(its clock is 3(?:599|600|601) s ahead of ours\); set the clocks/);
    expect(failure.retry).toBe(true);
  });
});

describe('a server that is not what it should be', () => {
  const record = { fqdn: 'a.example.test', value: 'v' };
  const at = (port: number, transport: 'tcp' | 'udp' = 'tcp'): DnsProviderConfig & { name: 'rfc2136' } => ({
    name: 'rfc2136',
    server: { host: '127.0.0.1', port },
    key: keyOf('hmac-sha256'),
    zone: 'example.test',
    transport,
  });

  /** Answers each message over TCP with what `answer` makes of it. */
  async function tcpServer(answer: (message: Buffer) => Buffer | undefined): Promise<number> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        const reply = answer(bytes.subarray(2));
        if (reply === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.end(Buffer.concat([length, reply]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as net.AddressInfo).port;
  }

  /** Good news with nothing to prove it: the header of the request, as an answer. */
  const unsigned = (message: Buffer, rcode = 0): Buffer => {
    const reply = Buffer.alloc(12);
    message.copy(reply, 0, 0, 2);
    reply.writeUInt16BE(0xa800 | rcode, 2);
    return reply;
  };

  test('an unsigned success is not believed', async () => {
    const failure = await failureOf(rfc2136(at(await tcpServer(unsigned))).present(record, noEnd));
    expect(failure.message).toMatch(/the answer is not signed/);
  });

  test('a forged signature is not believed', async () => {
    const port = await tcpServer((message) => {
      const reply = Buffer.from(message);
      reply.writeUInt16BE(0xa800, 2);
      return reply;
    });
    const failure = await failureOf(rfc2136(at(port)).present(record, noEnd));
    expect(failure.message).toMatch(/the answer's signature is wrong/);
  });

  test('an unsigned refusal is', async () => {
    const port = await tcpServer((message) => unsigned(message, 4));
    const failure = await failureOf(rfc2136(at(port)).present(record, noEnd));
    expect(failure.message).toMatch(/said NOTIMP; see that the server takes dynamic updates/);
  });

  test.for<[string, (message: Buffer) => Buffer | undefined]>([
    ['no DNS message', () => Buffer.from('hello')],
    ['another message', (message) => unsigned(Buffer.from([message[0]! ^ 1, message[1]!]))],
    ['an empty message', () => Buffer.alloc(0)],
  ])('%s is a failure that may pass', async ([, answer]) => {
    const failure = await failureOf(rfc2136(at(await tcpServer(answer))).present(record, noEnd));
    expect(failure).toMatchObject({ code: 'dns_provider_failed', retry: true });
    expect(failure.message).toMatch(/it answered something else/);
  });

  test('a port that is closed, and a name that is none', async () => {
    const port = await freePort('127.0.0.1');
    for (const transport of ['tcp', 'udp'] as const) {
      const failure = await failureOf(rfc2136(at(port, transport), { udpWaitsMs: [200] }).present(record, noEnd));
      expect(failure).toMatchObject({ retry: true });
      expect(failure.message).toMatch(/127\.0\.0\.1:[0-9]+ said .*; see that dns\.server is right/);
    }
    const nowhere = { ...at(53), server: { host: 'ns.invalid', port: 53 } };
    expect((await failureOf(rfc2136(nowhere).present(record, noEnd))).message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test('silence ends at the deadline', async () => {
    const port = await tcpServer(() => undefined);
    const failure = await failureOf(rfc2136(at(port)).present(record, after(200)));
    expect(failure).toMatchObject({ retry: true });
    expect(failure.message).toMatch(/it took too long/);
  });

  test('over UDP forged answers are passed over, the message is sent again, and it ends', async () => {
    const socket = createSocket('udp4');
    let count = 0;
    socket.on('message', (message, from) => {
      count++;
      socket.send(unsigned(message), from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    const { port } = socket.address();
    const failure = await failureOf(rfc2136(at(port, 'udp'), { udpWaitsMs: [50, 50, 50] }).present(record, noEnd));
    expect(failure.message).toMatch(/no answer over UDP/);
    expect(count).toBe(3);
  });

  test('an update too long for UDP goes over TCP', async () => {
    const seen: number[] = [];
    const port = await tcpServer((message) => {
      seen.push(decodeMessage(message).authorities.length);
      return unsigned(message, 5);
    });
    const long = { ...record, value: 'v'.repeat(500) };
    const failure = await failureOf(rfc2136(at(port, 'udp')).present(long, noEnd));
    expect(failure.message).toMatch(/REFUSED/);
    expect(seen).toEqual([1]);
  });
});
