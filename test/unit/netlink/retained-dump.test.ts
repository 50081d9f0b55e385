import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/netlink/netlink.ts';
import { RetainedDump } from '../../../src/netlink/retained-dump.ts';
import { UnixDiagCursor } from '../../../src/netlink/unix-diag.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

/** A UNIX socket with this inode, one byte. */
const socket = (inode: string) =>
  hex(`
  20000000 1400 0200 01000000 00000000   # length 32, SOCK_DIAG_BY_FAMILY, MULTI
  01 01 01 00 ${inode}000000 00000000 00000000
`);
const DONE = hex('14000000 0300 0200 01000000 00000000 00000000');

function inodes(dump: RetainedDump): number[] {
  const found: number[] = [];
  dump.each((row) => found.push(row.inode));
  return found;
}

function keep(dump: RetainedDump, bytes: Uint8Array): void {
  dump.keep(viewOf(bytes), 0, bytes.length);
}

describe('RetainedDump', () => {
  it('iterates over its pieces in order, several times', () => {
    const dump = new RetainedDump(new UnixDiagCursor());
    keep(dump, concat(socket('01'), socket('02')));
    keep(dump, concat(socket('03'), DONE));
    expect(inodes(dump)).toEqual([1, 2, 3]);
    expect(inodes(dump)).toEqual([1, 2, 3]);
  });

  it('accepts adjacent pieces of one buffer', () => {
    const bytes = concat(new Uint8Array(8).fill(0xff), socket('01'), socket('02'), DONE);
    const view = viewOf(bytes);
    const dump = new RetainedDump(new UnixDiagCursor());
    dump.keep(view, 8, 40);
    dump.keep(view, 40, 72);
    dump.keep(view, 72, 92);
    expect(inodes(dump)).toEqual([1, 2]);
  });

  it('is empty without pieces', () => {
    expect(inodes(new RetainedDump(new UnixDiagCursor()))).toEqual([]);
  });

  it('skips messages that are not data', () => {
    const noop = hex('10000000 0100 0000 01000000 00000000');
    const reserved = hex('10000000 0f00 0000 01000000 00000000');
    const dump = new RetainedDump(new UnixDiagCursor());
    keep(dump, concat(noop, socket('01'), reserved, socket('02')));
    expect(inodes(dump)).toEqual([1, 2]);
  });

  it('does not read past the end of the answer, which was not validated', () => {
    const dump = new RetainedDump(new UnixDiagCursor());
    // A length of zero would never end.
    keep(dump, concat(socket('01'), DONE, new Uint8Array(64)));
    expect(inodes(dump)).toEqual([1]);
  });

  it('throws for a message that is too short for its cursor', () => {
    const dump = new RetainedDump(new UnixDiagCursor());
    keep(dump, hex('14000000 1400 0200 01000000 00000000 01010100'));
    expect(() => inodes(dump)).toThrow(WireError);
  });
});
