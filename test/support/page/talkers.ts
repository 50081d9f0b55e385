import { once } from 'node:events';
import path from 'node:path';
import { connectNetns, createNetns, type TestNetns } from '../netns.ts';
import { ss } from '../ss.ts';

/** A namespace with a process that has connections by order. */
export interface Talker {
  netns: TestNetns;
  /** As `serve` calls it. */
  name: string;
  address: string;
  /** See `talker-main.ts`. */
  order(order: Readonly<Record<string, number | string>>): Promise<void>;
}

/** Namespaces in one network. */
export interface Talkers {
  /** @param address its last part: `10.88.0.N` */
  add(address: number): Promise<Talker>;
}

/** Makes a network for namespaces that talk to each other; it ends with them. */
export function talkersNetwork(): Talkers {
  const hub = createNetns();
  hub.run('ip', 'link', 'add', 'bridge', 'type', 'bridge');
  hub.run('ip', 'link', 'set', 'bridge', 'up');
  let ports = 0;
  return {
    async add(last) {
      const netns = createNetns();
      const address = `10.88.0.${last}`;
      const device = `port${ports++}`;
      connectNetns({ netns: hub, device, addresses: [] }, { netns, addresses: [`${address}/24`] });
      hub.run('ip', 'link', 'set', device, 'master', 'bridge');
      const script = path.join(import.meta.dirname, 'talker-main.ts');
      const child = netns.spawnNode(script, [], { stdio: ['pipe', 'pipe', 'inherit'] });
      const { stdin, stdout } = child;
      if (stdin === null || stdout === null) throw new Error('the talker did not start');
      return {
        netns,
        name: `netns:${netns.name}`,
        address,
        async order(order) {
          stdin.write(`${JSON.stringify(order)}\n`);
          await once(stdout, 'data');
        },
      };
    },
  };
}

/** Connections to an address and port by state, as `ss` sees them from inside. */
export function ssCounts({ netns }: Talker, peer: string, port: number): Record<string, number> {
  const words = peer.split('.').map(Number);
  const counts: Record<string, number> = {};
  for (const row of ss(netns, '-4', '-t')) {
    if (row.peer.port !== port || row.peer.address.some((byte, at) => byte !== words[at])) continue;
    counts[row.state] = (counts[row.state] ?? 0) + 1;
  }
  return counts;
}
