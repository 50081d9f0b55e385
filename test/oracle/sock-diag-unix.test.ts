/** UNIX sockets with every kind of name: against the bound names, `ss` and `/proc/net/unix`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiagRow, diagUnixRows } from '../support/diag-rows.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { procUnixRows } from '../support/proc-net.ts';
import {
  bindAll,
  connected,
  type ExpectedUnix,
  embryo,
  hostileNames,
  manyHostile,
} from '../support/recipes/unix-sockets.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let folder: string;
const expected: ExpectedUnix[] = [];

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unix-'));
  expected.push(...(await bindAll(workshop, hostileNames(folder))));
  expected.push(...(await connected(workshop, folder)));
  expected.push(...(await embryo(workshop, folder)).rows);
});
afterAll(async () => {
  await workshop.stop();
  netns.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

const latin1 = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
const rowsByInode = () => new Map(diagUnixRows(netns).map((row) => [row.inode, row]));

describe('UNIX sockets', () => {
  it('are as they were made: type, state, name and peer', () => {
    const rows = rowsByInode();
    for (const { what, type, state, inode, name, peerInode } of expected) {
      expect(rows.get(inode), what).toMatchObject({
        proto: 'unix',
        family: 'unix',
        socketType: type,
        state,
        inode,
        peerInode,
      });
      expect(rows.get(inode)?.name, what).toBe(latin1(name));
    }
  });

  it('show how many wait at a listener, and how many may', () => {
    const rows = rowsByInode();
    const listeners = expected.filter((one) => one.backlog !== undefined);
    expect(listeners).toHaveLength(3);
    for (const { what, inode, backlog } of listeners) {
      const waiting = what === 'listener of an embryo' ? 1 : 0;
      expect(rows.get(inode), what).toMatchObject({ receiveQueue: waiting, sendQueue: backlog });
    }
  });

  it('are those of /proc/net/unix that have an inode', () => {
    const rows = diagUnixRows(netns);
    const table = procUnixRows(netns).filter((row) => row.inode !== 0);
    expect(rows.map((row) => row.inode).sort()).toEqual(table.map((row) => row.inode).sort());
    for (const { inode, type, listening, path: name } of table) {
      const row = rows.find((one) => one.inode === inode) as DiagRow;
      expect(row.socketType, name).toBe(type);
      expect(row.state === 10, name).toBe(listening);
      // The table shows each NUL of an abstract name as @ (unix_seq_show).
      const abstract = row.name?.startsWith('\0') ?? false;
      expect(abstract ? row.name?.replaceAll('\0', '@') : (row.name ?? ''), name).toBe(name);
    }
  });

  it('leave out a connection that is not accepted yet, which only /proc lists', () => {
    const embryos = procUnixRows(netns).filter((row) => row.inode === 0);
    expect(embryos).toHaveLength(1);
    expect(embryos[0]).toMatchObject({ type: 1, state: 2, listening: false, path: path.join(folder, 'embryo.sock') });
    expect(diagUnixRows(netns).some((row) => row.inode === 0)).toBe(false);
  });

  it('have the inodes, states and queues that ss has', () => {
    const TYPE: Record<string, number> = { u_str: 1, u_dgr: 2, u_seq: 5 };
    const STATE: Record<string, number> = { ESTAB: 1, UNCONN: 7, LISTEN: 10 };
    // Lines of ss are identified by the fields beside the name, because names can contain newlines.
    const line = /^(u_str|u_dgr|u_seq) +(\w+) +(\d+) +(\d+) +(?:.* )?(\d+) +\* (\d+)/gm;
    const output = Buffer.from(netns.run('ss', '-xanH'), 'utf8')
      .toString('utf8')
      .replaceAll(/\n(?!u_)/g, ' ');
    const found = [...output.matchAll(line)];
    expect(found).toHaveLength(expected.length);
    const rows = rowsByInode();
    for (const [text, type = '', state = '', receiveQueue, sendQueue, inode, peer] of found) {
      expect(rows.get(Number(inode)), text).toMatchObject({
        socketType: TYPE[type],
        state: STATE[state],
        peerInode: Number(peer),
        receiveQueue: Number(receiveQueue),
        sendQueue: Number(sendQueue),
      });
    }
  });

  it('have the owner of their maker', async ({ skip }) => {
    const user = otherUser();
    if (user === undefined) return skip(NO_OTHER_USER);
    const other = await Workshop.start(netns);
    await other.setuid(user);
    const fd = await other.unix(1);
    const inode = await other.inode(fd);
    expect(rowsByInode().get(inode)?.uid).toBe(user);
    await other.stop();
  });

  it('are read whole when there are ten thousand with hostile paths', async () => {
    const many = await Workshop.start(netns);
    const names = await manyHostile(many, 10_000);
    expect(names.size).toBe(10_000);
    const rows = rowsByInode();
    const wrong = [...names].filter(([inode, name]) => rows.get(inode)?.name !== latin1(name));
    expect(wrong).toEqual([]);
    await many.stop();
  }, 240_000);
});
