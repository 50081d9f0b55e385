import { describe, expect, it } from 'vitest';
import { DumpReader } from '../../../src/netlink/dump-reader.ts';
import { WireError } from '../../../src/netlink/netlink.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

/** A data message of the sequence 5 with four bytes of payload. */
const DATA = hex(`
  14000000  # nlmsg_len: 20
  1400      # nlmsg_type: SOCK_DIAG_BY_FAMILY
  0200      # nlmsg_flags: NLM_F_MULTI
  05000000  # nlmsg_seq
  39050000  # nlmsg_pid: the receiver's port id
  aabbccdd  # payload
`);

const DONE = hex(`
  14000000  # nlmsg_len
  0300      # nlmsg_type: NLMSG_DONE
  0200      # nlmsg_flags: NLM_F_MULTI
  05000000 39050000
  00000000  # status: 0
`);

function read(bytes: Uint8Array, offset = 0, length = bytes.length - offset) {
  const reader = new DumpReader(5);
  const payloads: [number, number, number][] = [];
  const end = reader.read(viewOf(bytes), offset, length, (...place) => payloads.push(place));
  return { reader, payloads, end };
}

describe('DumpReader', () => {
  it('calls back with payloads and reports the end', () => {
    const { reader, payloads, end } = read(concat(DATA, DATA, DONE));
    expect(payloads).toEqual([
      [16, 4, 20],
      [36, 4, 20],
    ]);
    expect(end).toEqual({ by: 'done', status: 0 });
    expect(reader.messages).toBe(2);
    expect(reader.interrupted).toBe(false);
  });

  it('returns undefined until a message ends the answer', () => {
    expect(read(concat(DATA, DATA)).end).toBeUndefined();
    expect(read(new Uint8Array()).end).toBeUndefined();
  });

  it('reads a piece in the middle of a buffer', () => {
    const bytes = concat(new Uint8Array(24).fill(0xff), DATA, DONE, new Uint8Array(24).fill(0xff));
    expect(read(bytes, 24, 40).payloads).toEqual([[40, 4, 20]]);
  });

  it('reads the status of DONE as signed: -2 for a protocol without a handler', () => {
    const end = hex('14000000 0300 0200 05000000 39050000  feffffff');
    expect(read(end).end).toEqual({ by: 'done', status: -2 });
  });

  it('reads a DONE without a status as success, as old kernels send it', () => {
    expect(read(hex('10000000 0300 0200 05000000 39050000')).end).toEqual({ by: 'done', status: 0 });
  });

  it('reads the errno of ERROR', () => {
    const error = hex(`
      24000000  # nlmsg_len: 16 + 4 + 16
      0200      # nlmsg_type: NLMSG_ERROR
      0000 05000000 39050000
      eaffffff  # error: -22 (EINVAL)
      48000000 1400 0103 05000000 00000000  # the header of the request
    `);
    expect(read(error).end).toEqual({ by: 'error', status: -22 });
  });

  it('skips late answers to another request, and their end', () => {
    const late = concat(
      hex('14000000 1400 0200 04000000 39050000 aabbccdd'),
      hex('14000000 0300 0200 04000000 39050000 00000000'),
    );
    const { payloads, end } = read(concat(late, DATA, DONE));
    expect(payloads).toEqual([[56, 4, 20]]);
    expect(end).toEqual({ by: 'done', status: 0 });
  });

  it('skips control messages without a meaning', () => {
    // NLMSG_NOOP (1), and 5 to 15, which are reserved for netlink
    const noop = hex('10000000 0100 0000 05000000 39050000');
    const reserved = hex('14000000 0f00 0000 05000000 39050000 aabbccdd');
    expect(read(concat(noop, reserved, DONE)).payloads).toEqual([]);
  });

  it('skips the padding after a message whose length is not a multiple of four', () => {
    const odd = hex('11000000 1400 0200 05000000 39050000  aa 000000');
    expect(read(concat(odd, DATA, DONE)).payloads).toEqual([
      [16, 1, 20],
      [36, 4, 20],
    ]);
    // The last message of a piece need not be padded.
    expect(read(concat(DATA, odd.subarray(0, 17))).payloads).toEqual([
      [16, 4, 20],
      [36, 1, 20],
    ]);
  });

  it('reports that a dump was interrupted', () => {
    const interrupted = hex('14000000 1400 1200 05000000 39050000 aabbccdd  # flags: MULTI | DUMP_INTR');
    expect(read(concat(interrupted, DONE)).reader.interrupted).toBe(true);
  });

  it.each([
    ['a length shorter than the header', '0f000000 1400 0200 05000000 39050000', /length 15/],
    ['a length of zero', '00000000 1400 0200 05000000 39050000', /length 0/],
    ['a length past the piece', '15000000 1400 0200 05000000 39050000 aabbccdd', /length 21, but 20/],
    ['the largest length', 'ffffffff 1400 0200 05000000 39050000 aabbccdd', /length 4294967295/],
    ['less than a header', '10000000 1400', /6 bytes are left over/],
    ['an error without an errno', '12000000 0200 0000 05000000 39050000 eaff', /payload of 2 bytes/],
    ['an overrun', '10000000 0400 0000 05000000 39050000', /overrun/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(hex(bytes))).toThrow(WireError);
    expect(() => read(hex(bytes))).toThrow(message);
  });

  it('refuses a piece that is longer than its buffer', () => {
    expect(() => read(DATA, 0, 21)).toThrow(WireError);
    expect(() => read(DATA, 8, 20)).toThrow(WireError);
  });
});
