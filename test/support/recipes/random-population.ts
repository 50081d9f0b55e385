/** Random sockets in three namespaces: one that two containers and another process share, one of a single container, one without a container. Connections are opened and closed in a fourth. */
import fs from 'node:fs';
import { createNetns, type TestNetns } from '../netns.ts';
import type { Dice } from '../random-filter.ts';
import { SOCK } from './constants.ts';
import { mptcp, udpConnected, udpUnconnected, udpUnread } from './other-protocols.ts';
import { Workshop } from './workshop.ts';

/** shutdown(2). */
const SHUT_WR = 1;

export interface Population {
  shared: TestNetns;
  alone: TestNetns;
  bare: TestNetns;
  /** Has one listener until {@link churn} is called. */
  busy: TestNetns;
  /** Ids of the containers: two of the shared namespace, then the single one; empty where no cgroup can be made. */
  containers: readonly string[];
  workshops: readonly Workshop[];
  /** Opens a connection in the busy namespace and closes it. */
  churn(): Promise<void>;
  stop(): Promise<void>;
}

export async function populate(dice: Dice): Promise<Population> {
  const [shared, alone, bare, busy] = [createNetns(), createNetns(), createNetns(), createNetns()];
  const workshops = await Promise.all(
    [shared, shared, shared, alone, bare, busy].map((netns) => Workshop.start(netns)),
  );
  const [first, second, unrelated, single, other, restless] = workshops as [
    Workshop,
    Workshop,
    Workshop,
    Workshop,
    Workshop,
    Workshop,
  ];
  const cgroups = [first, second, single].map(({ pid }, index) => containerCgroup(pid, index));
  await fill(shared, first, dice, 8000);
  await fill(shared, second, dice, 8010);
  await fill(shared, unrelated, dice, 8020);
  await fill(alone, single, dice, 8030);
  await fill(bare, other, dice, 8040);
  const door = await restless.tcpListener('127.0.0.1', 8009);
  return {
    shared,
    alone,
    bare,
    busy,
    workshops,
    containers: cgroups.flatMap((cgroup) => (cgroup === undefined ? [] : [cgroup.id])),
    async churn() {
      const { client, server } = await restless.tcpPair(door);
      await restless.close(client);
      await restless.close(server);
    },
    async stop() {
      await Promise.all(workshops.map((workshop) => workshop.stop()));
      for (const netns of [shared, alone, bare, busy]) netns.remove();
      for (const cgroup of cgroups) cgroup?.remove();
    },
  };
}

async function fill(netns: TestNetns, workshop: Workshop, dice: Dice, base: number): Promise<void> {
  const hosts = ['127.0.0.1', '127.1.2.3', '::1'];
  for (let index = 0; index <= dice.roll(2); index++) {
    const listener = await workshop.tcpListener(
      hosts[dice.roll(hosts.length)] ?? '::1',
      base + index,
      1 + dice.roll(9),
    );
    for (let made = dice.roll(6); made > 0; made--) {
      const { client, server } = await workshop.tcpPair(listener);
      switch (dice.roll(5)) {
        case 0:
          await workshop.shutdown(client, SHUT_WR);
          break;
        case 1:
          await workshop.send(client, 1 + dice.roll(500));
          break;
        case 2:
          await workshop.close(server);
          await workshop.close(client);
          break;
      }
    }
    if (dice.roll(2) === 0) {
      const waiting = await workshop.socket(listener.host.includes(':') ? 10 : 2, SOCK.STREAM);
      await workshop.connect(waiting, listener);
    }
  }
  const context = { netns, workshop };
  if (dice.roll(2) === 0) await udpUnconnected(context);
  if (dice.roll(2) === 0) await udpConnected(context);
  if (dice.roll(3) === 0) await udpUnread(context);
  if (dice.roll(2) === 0) await workshop.unix(SOCK.DGRAM, new TextEncoder().encode(`\0parity-${base}`));
  if (dice.roll(3) === 0 && fs.existsSync('/proc/sys/net/mptcp/enabled')) await mptcp(context);
}

/** Puts a process into a cgroup that is named as Docker names those of its containers: then it is one. */
function containerCgroup(pid: number, index: number): { id: string; remove(): void } | undefined {
  const mount = fs.existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
  const id = `${index + 1}${pid.toString(16).padStart(11, '0')}`.padEnd(64, 'a');
  const folder = `${mount}/docker/${id}`;
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(`${folder}/cgroup.procs`, String(pid));
  } catch {
    return undefined;
  }
  return {
    id,
    remove: () => {
      // The kernel removes an exited process from its cgroup asynchronously.
      for (let attempt = 0; attempt < 100; attempt++) {
        try {
          fs.rmdirSync(folder);
          return;
        } catch {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
      }
    },
  };
}
