/**
 * TCP sockets in every state, in one namespace with loopback. Each recipe returns what a test may
 * rely on: ports as they were made, inodes from fstat(2); 0 is the inode of what has no descriptor.
 */
import { type TestNetns, until } from '../netns.ts';
import type { Expected, Ground } from './ground.ts';
import { closing, finWait1Orphan, finWait2Held, finWait2Mini, lastAck, timeWait } from './tcp-closing.ts';
import { keepalive, unevenWindows, unread, zeroWindow } from './tcp-data.ts';
import {
  acceptQueue,
  boundInactive,
  boundToInterface,
  established,
  listeners,
  synReceived,
  synSent,
} from './tcp-opening.ts';

/** Every state and family, and what goes with them, as the kernel itself sees it. */
export async function everyTcpState(ground: Ground): Promise<Expected[]> {
  const rows = [
    ...(await listeners(ground)),
    ...(await established(ground)),
    await synSent(ground),
    await synSent(ground, '::1'),
    await synReceived(ground),
    await finWait1Orphan(ground),
    ...(await finWait2Held(ground)),
    ...(await finWait2Mini(ground)),
    await timeWait(ground),
    await timeWait(ground, '::1'),
    await lastAck(ground),
    await closing(ground),
    await boundInactive(ground),
    await boundInactive(ground, '::1'),
    await boundToInterface(ground),
    await keepalive(ground),
    await unread(ground),
    await unevenWindows(ground),
    await zeroWindow(ground),
  ];
  await acceptQueue(ground);
  await settled(ground.netns, rows);
  return rows;
}

/** Waits until `ss` shows each of the rows in its state: packets on loopback may take a moment. */
export async function settled(netns: TestNetns, rows: readonly Expected[]): Promise<void> {
  let missing: Expected[] = [];
  const seen = () => {
    // -B is newer than many an ss: what is bound and inactive is taken on trust here.
    const lines = netns
      .run('ss', '-tanH')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    missing = rows.filter(
      (row) =>
        row.state !== 'UNCONN' &&
        !lines.some(
          ([state, , , local = '', peer = '']) =>
            state === row.state && portIn(local) === row.localPort && portIn(peer) === row.peerPort,
        ),
    );
    return missing.length === 0;
  };
  try {
    await until('the sockets to reach their states', seen);
  } catch (cause) {
    throw new Error(`never seen: ${missing.map((row) => row.what).join(', ')}`, { cause });
  }
}

/** The port of `ss`'s `address:port`; 0 for `*`. */
function portIn(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1).replace('*', '0'));
}
