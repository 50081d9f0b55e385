/** About a hundred sockets to filter: every state and family, several processes and users, marks, devices, ports. */
import fs from 'node:fs';
import type { TestNetns } from '../netns.ts';
import { IPPROTO, OPT, SOCK } from './constants.ts';
import { mptcp, udpConnected, udpUnconnected, udpUnread } from './other-protocols.ts';
import type { RecipeContext } from './recipe-context.ts';
import { familyOf } from './sockaddr.ts';
import { everyTcpState } from './tcp-states.ts';
import { Workshop } from './workshop.ts';

/** include/uapi/asm-generic/socket.h */
const SO_MARK = 36;

/** Addresses of connections; the ones outside loopback are added to the namespace. */
export const HOSTS = ['127.0.0.1', '127.1.2.3', '10.9.0.1', '10.9.0.2', '::1', 'fd00:9::1', 'fd00:9::2'];
export const PORTS = [80, 443, 3306, 5432, 8000, 8001, 8050, 8099];
export const MARKS = [0x1, 0x10, 0x11, 0xff00];

export interface FilterSockets {
  workshops: Workshop[];
  /** Path of a cgroup v2 that one of the processes is in; undefined where none can be made. */
  cgroup: string | undefined;
  stop(): Promise<void>;
}

/** Makes the sockets in an empty namespace. */
export async function fillForFilters(netns: TestNetns): Promise<FilterSockets> {
  for (const address of ['10.9.0.1/24', '10.9.0.2/24']) netns.run('ip', 'address', 'add', address, 'dev', 'lo');
  for (const address of ['fd00:9::1/64', 'fd00:9::2/64']) {
    netns.run('ip', 'address', 'add', address, 'dev', 'lo', 'nodad');
  }
  const workshops = await Promise.all([Workshop.start(netns), Workshop.start(netns), Workshop.start(netns)]);
  const [first, second, third] = workshops as [Workshop, Workshop, Workshop];
  const cgroup = joinCgroup(second.pid);
  await connections({ netns, workshop: first }, 0);
  await connections({ netns, workshop: second }, 1);
  await third.setuid(12_345);
  const context: RecipeContext = { netns, workshop: third };
  for (const host of ['127.0.0.1', '::1']) {
    await udpUnconnected(context, host);
    await udpConnected(context, host);
  }
  await udpUnread({ netns, workshop: first });
  if (fs.existsSync('/proc/sys/net/mptcp/enabled')) await mptcp({ netns, workshop: first });
  // Last: some of these states last a minute only.
  await everyTcpState({ netns, workshop: first });
  return {
    workshops,
    cgroup: cgroup?.path,
    async stop() {
      await Promise.all(workshops.map((workshop) => workshop.stop()));
      cgroup?.remove();
    },
  };
}

/** Listeners on well-known ports of every address, and connections to them, some marked, some bound to `lo`. */
async function connections({ workshop }: RecipeContext, turn: number): Promise<void> {
  for (const [number, port] of PORTS.entries()) {
    const host = HOSTS[(number * 2 + turn) % HOSTS.length] ?? '127.0.0.1';
    const listener = await workshop.tcpListener(host, port);
    for (let index = 0; index < 6; index++) {
      const client = await workshop.socket(familyOf(host), SOCK.STREAM);
      const mark = MARKS[(number + index) % (MARKS.length * 2)];
      if (mark !== undefined) await workshop.setsockopt(client, OPT.SOL_SOCKET, SO_MARK, mark);
      if (index === 4) await workshop.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_BINDTOIFINDEX, 1);
      // Some bind a port outside the kernel's range.
      if (index === 5) await workshop.bind(client, { host, port: 2000 + number * 2 + turn });
      await workshop.connect(client, listener);
      if (index !== 3) await workshop.accept(listener.fd);
    }
  }
  const both = await workshop.socket(familyOf('::'), SOCK.STREAM);
  await workshop.setsockopt(both, IPPROTO.IPV6, OPT.IPV6_V6ONLY, 0);
  await workshop.bind(both, { host: '::', port: 9000 + turn });
  await workshop.listen(both, 16);
  for (const host of ['127.0.0.1', '10.9.0.2']) {
    const mapped = { fd: both, host, port: 9000 + turn };
    for (let index = 0; index < 3; index++) await workshop.tcpPair(mapped, host);
  }
}

function joinCgroup(pid: number): { path: string; remove(): void } | undefined {
  const mount = fs.existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
  const name = `sltest-${process.pid}`;
  try {
    fs.mkdirSync(`${mount}/${name}`);
    fs.writeFileSync(`${mount}/${name}/cgroup.procs`, String(pid));
  } catch {
    return undefined;
  }
  return {
    path: `/${name}`,
    remove: () => {
      // The kernel removes an exited process from its cgroup asynchronously.
      for (let attempt = 0; attempt < 100; attempt++) {
        try {
          fs.rmdirSync(`${mount}/${name}`);
          return;
        } catch {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
      }
    },
  };
}
