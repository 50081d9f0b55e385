/**
 * TCP sockets in every state, in one namespace with loopback. Each recipe returns its sockets with their
 * ports and their inodes from fstat(2); the inode is 0 without a descriptor.
 */
import { type TestNetns, until } from '../netns.ts';
import type { Expected, RecipeContext } from './recipe-context.ts';
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
export async function everyTcpState(context: RecipeContext): Promise<Expected[]> {
  const rows = [
    ...(await listeners(context)),
    ...(await established(context)),
    await synSent(context),
    await synSent(context, '::1'),
    await synReceived(context),
    await finWait1Orphan(context),
    ...(await finWait2Held(context)),
    ...(await finWait2Mini(context)),
    await timeWait(context),
    await timeWait(context, '::1'),
    await lastAck(context),
    await closing(context),
    await boundInactive(context),
    await boundInactive(context, '::1'),
    await boundToInterface(context),
    await keepalive(context),
    await unread(context),
    await unevenWindows(context),
    await zeroWindow(context),
  ];
  await acceptQueue(context);
  await settled(context.netns, rows);
  return rows;
}

/** Waits until `ss` shows each of the rows in its state: packets on loopback may take a moment. */
export async function settled(netns: TestNetns, rows: readonly Expected[]): Promise<void> {
  let missing: Expected[] = [];
  const seen = () => {
    // Older versions of ss lack -B, so bound-inactive sockets are not checked here.
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
