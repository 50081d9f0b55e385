/** A snapshot of a namespace with sockets of every kind, from sock_diag and from /proc, against `ss` and `/proc/net`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dumpSockets, streamSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import type { NetnsHandle } from '../../src/collect/target/netns-handle.ts';
import { resolveTargets } from '../../src/collect/target/resolve-targets.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import type { Proto } from '../../src/model/socket/socket-view.ts';
import { copyRow, type DiagRow } from '../support/diag-rows.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { procRows, procUnixRows } from '../support/proc-net.ts';
import { mptcp, raw, udpConnected, udpUnconnected, udpUnread } from '../support/recipes/other-protocols.ts';
import { everyTcpState } from '../support/recipes/tcp-states.ts';
import { bindAll, connected, embryo, hostileNames } from '../support/recipes/unix-sockets.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { ss } from '../support/ss.ts';

const query = { ...everySocket(), tcpInfo: true };
const CLOSE = 7;
const LISTEN = 10;
const SYN_RECV = 3;

const machine = localMachine({});
/** The same machine without the permission to enter another namespace. */
const denied: Machine = {
  ...machine,
  systemCalls: () => ({
    ...machine.systemCalls(),
    setns: () => {
      throw new SystemCallError('setns', 1, 'EPERM');
    },
  }),
};

let netns: TestNetns;
let folder: string;
let handle: NetnsHandle;

beforeAll(async () => {
  netns = createNetns();
  const workshop = await Workshop.start(netns);
  const context = { netns, workshop };
  await everyTcpState(context);
  for (const host of ['127.0.0.1', '::1']) {
    await udpUnconnected(context, host);
    await udpConnected(context, host);
  }
  await udpUnread(context);
  await raw(context);
  if (fs.existsSync('/proc/sys/net/mptcp/enabled')) await mptcp(context);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'look-'));
  await bindAll(workshop, hostileNames(folder));
  await connected(workshop, folder);
  await embryo(workshop, folder);
  const [found] = await resolveTargets(machine, `netns:${netns.name}`);
  if (found === undefined) throw new Error('the namespace was not found');
  handle = found;
}, 240_000);
afterAll(() => {
  netns.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** All rows of one dump. */
function rowsOf(which: Machine, protos: readonly Proto[] = query.protos): DiagRow[] {
  const rows: DiagRow[] = [];
  dumpSockets(which, handle, { ...query, protos }).sockets.each((socket) => rows.push(copyRow(socket)));
  return rows;
}

/** Endpoints and inode, which do not change between two dumps. */
const identity = (row: Pick<DiagRow, 'local' | 'localPort' | 'peer' | 'peerPort' | 'inode'>) =>
  `${row.local.join('.')}:${row.localPort} ${row.peer.join('.')}:${row.peerPort} ${row.inode}`;
const bound = (row: DiagRow) => row.proto === 'tcp' && row.state === CLOSE;

describe('snapshot of a namespace', () => {
  it('finds a named namespace and a process in it', () => {
    expect(handle.target).toMatchObject({ name: `netns:${netns.name}`, runtime: 'netns', netns: netns.inode });
    expect(handle.target.pid).toBeGreaterThan(0);
    expect(handle.own).toBe(false);
  });

  it.each([
    ['tcp', '-t'],
    ['udp', '-u'],
    ['mptcp', '-M'],
    ['raw', '-w'],
  ] as const)('has the %s sockets that ss has', (proto, flag) => {
    const theirs = (['-4', '-6'] as const)
      .flatMap((family) => ss(netns, family, flag))
      .map((row) =>
        identity({
          ...row,
          local: [...row.local.address],
          peer: [...row.peer.address],
          localPort: row.local.port,
          peerPort: row.peer.port,
        }),
      );
    const ours = rowsOf(machine, [proto]).filter((row) => !bound(row));
    // ss reads RAW sockets from /proc where the kernel has no handler, and has no inodes then.
    const forget = (text: string) => (proto === 'raw' ? text.replace(/ \d+$/, '') : text);
    expect(ours.map(identity).map(forget).sort()).toEqual(theirs.map(forget).sort());
    if (proto !== 'mptcp') expect(ours.length).toBeGreaterThan(0);
    for (const row of ours) expect(row.proto).toBe(proto);
  });

  it('has the UNIX sockets of /proc/net/unix, with or without one that is not accepted yet', () => {
    const inodes = rowsOf(machine, ['unix']).map((row) => row.inode);
    const theirs = procUnixRows(netns).map((row) => row.inode);
    expect(inodes.filter((inode) => inode !== 0).sort()).toEqual(theirs.filter((inode) => inode !== 0).sort());
  });

  it('has the source of each protocol, and is complete', () => {
    const seen = dumpSockets(machine, handle, query);
    expect(seen.source).toBe('sock_diag');
    expect(seen.sources).toMatchObject({ tcp: 'sock_diag', udp: 'sock_diag', unix: 'sock_diag' });
    expect(seen.coverage.complete).toBe(true);
    expect(Math.abs(seen.takenAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('can be iterated more than once', () => {
    const { sockets } = dumpSockets(machine, handle, query);
    const count = () => {
      let rows = 0;
      sockets.each(() => rows++);
      return rows;
    };
    expect(count()).toBe(rowsOf(machine).length);
    expect(count()).toBe(rowsOf(machine).length);
  });

  it('reads only the requested families and states', () => {
    const rows: DiagRow[] = [];
    const narrow = { ...query, protos: ['tcp'] as const, inet: false, states: 1 << LISTEN };
    dumpSockets(machine, handle, narrow).sockets.each((socket) => rows.push(copyRow(socket)));
    const theirs = ss(netns, '-6', '-t').filter((row) => row.state === 'LISTEN');
    expect(rows.map((row) => row.inode).sort()).toEqual(theirs.map((row) => row.inode).sort());
    expect(rows.every((row) => row.state === LISTEN && row.family === 'inet6')).toBe(true);
  });

  it('streams the same sockets without retaining them', () => {
    const streamed: string[] = [];
    const report = streamSockets(machine, handle, query, (socket) => streamed.push(identity(copyRow(socket))));
    expect(streamed.sort()).toEqual(rowsOf(machine).map(identity).sort());
    expect(report.coverage.complete).toBe(true);
  });
});

describe('snapshot without permission to enter the namespace', () => {
  it('reads /proc instead, and reports that source', () => {
    const seen = dumpSockets(denied, handle, query);
    expect(seen.source).toBe('procfs');
    expect(seen.sources).toMatchObject({ tcp: 'procfs', udp: 'procfs', raw: 'procfs', unix: 'procfs' });
    expect(seen.coverage.notes.join('\n')).toMatch(
      /\/proc\/PID\/net.*setns is not permitted: no capability is missing/,
    );
  });

  it('has the same sockets with the same states, queues and owners', () => {
    for (const proto of ['tcp', 'udp', 'raw', 'unix'] as const) {
      // The table of UNIX sockets shows every NUL of a name as @ (unix_seq_show).
      const names = (row: DiagRow) => `${identity(row)} ${row.name?.replaceAll('\0', '@')}`;
      const direct = new Map(rowsOf(machine, [proto]).map((row) => [names(row), row]));
      // A bound-inactive socket is in no table, an embryo in no dump.
      const files = rowsOf(denied, [proto]).filter((row) => proto !== 'unix' || row.inode !== 0);
      const reachable = [...direct.values()].filter((row) => !bound(row));
      expect(files.map(names).sort(), proto).toEqual(reachable.map(names).sort());
      for (const row of files) {
        const other = direct.get(names(row));
        if (other === undefined) continue;
        const { state, receiveQueue, uid, family, socketType, timer } = row;
        const theirs = { state: other.state, family: other.family, socketType: other.socketType };
        // An UNIX table has no queues, no owner, and the owner of a half-open entry differs.
        const rest = { receiveQueue: other.receiveQueue, uid: other.uid };
        expect({ state, family, socketType }, `${proto} ${names(row)}`).toEqual(theirs);
        if (proto !== 'unix' && state !== SYN_RECV) {
          expect({ receiveQueue, uid }, `${proto} ${names(row)}`).toEqual(rest);
        }
        if (proto === 'tcp' && timer !== 1 && other.timer !== 1) expect(timer).toBe(other.timer);
      }
    }
  });

  it('agrees with the tables line by line', () => {
    for (const [proto, table] of [
      ['tcp', 'tcp'],
      ['tcp', 'tcp6'],
      ['udp', 'udp'],
      ['udp', 'udp6'],
      ['raw', 'raw'],
      ['raw', 'raw6'],
    ] as const) {
      const family = table.endsWith('6') ? 'inet6' : 'inet';
      const ours = rowsOf(denied, [proto]).filter((row) => row.family === family);
      expect(ours.map(identity).sort(), table).toEqual(procRows(netns, table).map(identity).sort());
    }
  });
});
