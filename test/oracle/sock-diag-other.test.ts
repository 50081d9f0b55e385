/** UDP, MPTCP and RAW sockets, owners and cgroups, against `ss`, `/proc` and the test's sockets. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiagRow, diagRows } from '../support/diag-rows.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { procRows } from '../support/proc-net.ts';
import { mptcp, udpConnected, udpUnconnected, udpUnread } from '../support/recipes/other-protocols.ts';
import type { Expected, RecipeContext } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { ss } from '../support/ss.ts';

const STATE: Record<string, number> = { ESTAB: 1, UNCONN: 7, LISTEN: 10 };
const FAMILIES = [
  ['inet', '-4'],
  ['inet6', '-6'],
] as const;

let netns: TestNetns;
let context: RecipeContext;
beforeAll(async () => {
  netns = createNetns();
  context = { netns, workshop: await Workshop.start(netns) };
});
afterAll(() => netns.remove());

const byInode = (rows: DiagRow[], { inode, family }: Pick<Expected, 'inode' | 'family'>) =>
  rows.filter((row) => row.inode === inode && row.family === family);

function asSs(netnsOf: TestNetns, flag: '-4' | '-6', protocol: string) {
  return ss(netnsOf, flag, protocol)
    .map((row) => ({
      state: STATE[row.state],
      receiveQueue: row.receiveQueue,
      sendQueue: row.sendQueue,
      inode: row.inode,
      local: row.local.address,
      localPort: row.local.port,
      peer: row.peer.address,
      peerPort: row.peer.port,
      uid: row.uid ?? 0,
      cookie: row.cookie,
      drops: row.drops,
    }))
    .sort((a, b) => a.inode - b.inode);
}

function asOurs(rows: DiagRow[]) {
  return rows
    .map(({ state, receiveQueue, sendQueue, inode, local, localPort, peer, peerPort, uid, cookie, drops }) => ({
      state,
      receiveQueue,
      sendQueue,
      inode,
      local,
      localPort,
      peer,
      peerPort,
      uid,
      cookie,
      drops,
    }))
    .sort((a, b) => a.inode - b.inode);
}

describe('UDP', () => {
  const expected: Expected[] = [];
  beforeAll(async () => {
    for (const host of ['127.0.0.1', '::1', '::', '0.0.0.0']) expected.push(await udpUnconnected(context, host));
    for (const host of ['127.0.0.1', '::1']) expected.push(await udpConnected(context, host));
    expected.push(await udpUnread(context));
  });

  it.each(FAMILIES)('over %s equals ss', (family, flag) => {
    const rows = asOurs(diagRows(netns, 'udp', family));
    expect(rows).toEqual(asSs(netns, flag, '-u'));
    expect(rows.length).toBeGreaterThanOrEqual(4);
  });

  it('shows each socket as it was made', () => {
    const rows = [...diagRows(netns, 'udp', 'inet'), ...diagRows(netns, 'udp', 'inet6')];
    for (const { what, state, localPort, peerPort, inode, family } of expected) {
      const found = byInode(rows, { inode, family });
      expect(found, what).toHaveLength(1);
      expect(found[0], what).toMatchObject({ state: STATE[state], localPort, peerPort, proto: 'udp', timer: 0 });
      expect(found[0]?.tcpInfo, what).toBeUndefined();
    }
  });

  it.each([
    ['inet', 'udp'],
    ['inet6', 'udp6'],
  ] as const)('over %s agrees with /proc/net', (family, table) => {
    const pick = (row: DiagRow | ReturnType<typeof procRows>[number]) => ({
      inode: row.inode,
      state: row.state,
      local: row.local,
      localPort: row.localPort,
      peer: row.peer,
      peerPort: row.peerPort,
      receiveQueue: row.receiveQueue,
      uid: row.uid,
    });
    const sorted = (rows: ReturnType<typeof pick>[]) => rows.sort((a, b) => a.inode - b.inode);
    expect(sorted(diagRows(netns, 'udp', family).map(pick))).toEqual(sorted(procRows(netns, table).map(pick)));
  });

  it('counts datagrams that were dropped', async () => {
    // More than the smallest buffer holds, to a socket that is not read.
    const server = await udpUnread(context, 600, 1000);
    const [row] = byInode(diagRows(netns, 'udp', 'inet'), server);
    expect(row?.drops).toBeGreaterThan(0);
    expect(row?.drops).toBe(ss(netns, '-4', '-u').find((one) => one.inode === server.inode)?.drops);
  });
});

describe.skipIf(!fs.existsSync('/proc/sys/net/mptcp/enabled'))('MPTCP (needs a kernel that has it)', () => {
  it.each([
    ['inet', '127.0.0.1', '-4'],
    ['inet6', '::1', '-6'],
  ] as const)('over %s is what ss shows, and its subflows have the same inodes', async (family, host, flag) => {
    const expected = await mptcp(context, host);
    const rows = diagRows(netns, 'mptcp', family);
    expect(asOurs(rows).map(({ drops: _, ...row }) => row)).toEqual(
      asSs(netns, flag, '-M').map(({ drops: _, ...row }) => row),
    );
    const subflows = diagRows(netns, 'tcp', family);
    for (const one of expected) {
      expect(byInode(rows, one), one.what).toHaveLength(1);
      expect(byInode(rows, one)[0], one.what).toMatchObject({
        proto: 'mptcp',
        state: STATE[one.state],
        localPort: one.localPort,
        peerPort: one.peerPort,
        tcpInfo: undefined,
      });
      expect(byInode(subflows, one), one.what).toHaveLength(1);
    }
  });
});

describe('owners', () => {
  it('are the users that made the sockets', async ({ skip }) => {
    const user = otherUser();
    if (user === undefined) return skip(NO_OTHER_USER);
    const other = await Workshop.start(netns);
    await other.setuid(user);
    const { fd } = await other.tcpListener('127.0.0.1');
    const inode = await other.inode(fd);
    expect(byInode(diagRows(netns, 'tcp', 'inet'), { inode, family: 'inet' })[0]?.uid).toBe(user);
    const udp = await udpUnconnected({ netns, workshop: other }, '::1');
    expect(byInode(diagRows(netns, 'udp', 'inet6'), udp)[0]?.uid).toBe(user);
    await other.stop();
  });

  it('have the id of their cgroup, which is the inode of its folder', async ({ skip }) => {
    const mount = cgroup2Mount();
    if (mount === undefined) return skip('no writable cgroup v2 is mounted');
    const folder = path.join(mount, netns.name);
    fs.mkdirSync(folder);
    const other = await Workshop.start(netns);
    try {
      fs.writeFileSync(path.join(folder, 'cgroup.procs'), String(other.pid));
      const listener = await other.tcpListener('127.0.0.1');
      const inode = await other.inode(listener.fd);
      const udp = await udpUnconnected({ netns, workshop: other });
      const id = fs.statSync(folder, { bigint: true }).ino;
      expect(byInode(diagRows(netns, 'tcp', 'inet'), { inode, family: 'inet' })[0]?.cgroupId).toBe(id);
      expect(byInode(diagRows(netns, 'udp', 'inet'), udp)[0]?.cgroupId).toBe(id);
    } finally {
      await other.stop();
      fs.rmdirSync(folder);
    }
  });
});

function cgroup2Mount(): string | undefined {
  const line = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((one) => one.split(' ')[2] === 'cgroup2');
  const mount = line?.split(' ')[1];
  if (mount === undefined) return undefined;
  try {
    fs.accessSync(path.join(mount, 'cgroup.procs'), fs.constants.W_OK);
    return mount;
  } catch {
    return undefined;
  }
}
