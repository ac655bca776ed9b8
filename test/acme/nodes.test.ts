// Three machines, one shared store, one authority: what they order together, and what becomes of it when machines and the
// store come and go.
import { expect, test } from 'vitest';
import { soon } from '../support/acme/keeping.ts';
import { type GatewayNode, newNode, SECRET, startFront } from '../support/acme/nodes.ts';
import { Pebble } from '../support/acme/pebble.ts';
import { handshake } from '../support/acme/program-world.ts';
import { hasComponent } from '../support/components.ts';
import { startRedis } from '../support/redis.ts';

const NAMES = ['a.example.com', 'b.example.com', 'c.example.com'];

/** As soon as each of them serves each of the names. */
async function allServe(nodes: readonly GatewayNode[], names: readonly string[], root: string): Promise<void> {
  for (const { tlsPort } of nodes) {
    for (const name of names) {
      await soon(
        () => handshake(tlsPort, name, root),
        () => `${name} is not served`,
      );
    }
  }
}

test.skipIf(!hasComponent('redis-server'))(
  'one order for each name in all; any machine answers; without the store all serve on; a new machine orders nothing',
  { timeout: 60_000 },
  async () => {
    const redis = await startRedis();
    const [tlsFront, httpFront] = [await startFront(), await startFront()];
    await using ca = await Pebble.start({ tlsPort: tlsFront.port, httpPort: httpFront.port });
    const root = await ca.issuerRoot();
    const orders = (): number => ca.log().match(/Added order/g)?.length ?? 0;
    const nodes = [await newNode(), await newNode(), await newNode()];
    const [first, second, third] = nodes as [GatewayNode, GatewayNode, GatewayNode];
    // The authority looks three times at each name, each time at another machine.
    tlsFront.targets = nodes.map(({ tlsPort }) => tlsPort);
    httpFront.targets = nodes.map(({ httpPort }) => httpPort);
    const wishes = { redis: redis.url, ca };
    // It looks at none before all of them listen.
    ca.pause();
    await Promise.all([
      first.start({ ...wishes, workers: 2, names: NAMES, acme: ', challenges: [tls-alpn-01]' }),
      second.start({ ...wishes, names: NAMES, acme: ', challenges: [tls-alpn-01]' }),
      third.start({ ...wishes, names: [...NAMES, 'd.example.com'], acme: ', challenges: [http-01]' }),
    ]);
    ca.resume();
    await allServe(nodes, NAMES, root);
    await allServe([third], ['d.example.com'], root);
    expect(orders()).toBe(4);

    await redis.kill();
    await soon(async () => (await first.get('readyz')).includes('serves the certificates that it has') || undefined);
    const alone = /^ready\nthe shared store is down; .*, and orders none\n$/;
    expect(await first.get('readyz')).toMatch(alone);
    expect(await first.get('metrics')).toContain('gatehouse_shared_up 0\n');
    const said = await second.kill();
    await second.start({ ...wishes, names: [...NAMES, 'e.example.com'], acme: ', challenges: [http-01]' });
    await allServe(nodes, NAMES, root);
    const failing = /gatehouse_certificate_failing\{name="e\.example\.com"\} 1/;
    await soon(async () => failing.test(await second.get('metrics')) || undefined);
    expect(await second.get('readyz')).toMatch(alone);
    expect(orders()).toBe(4);

    // It has lost everything.
    await redis.start();
    await allServe([second], ['e.example.com'], root);
    expect(orders()).toBe(5);
    await first.kill();
    const fourth = await newNode();
    await fourth.start({ ...wishes, names: [...NAMES, 'e.example.com'] });
    await allServe([fourth], [...NAMES, 'e.example.com'], root);
    expect(orders()).toBe(5);
    expect(said + (await fourth.kill()) + (await third.kill())).not.toMatch(new RegExp(`PRIVATE KEY|${SECRET}`));
  },
);
