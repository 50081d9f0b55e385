import { describe, expect, it } from 'vitest';
import { findAttribute } from '../../../src/netlink/attributes.ts';
import { hex, viewOf } from '../../support/hex.ts';

function find(text: string, wanted: number) {
  const bytes = hex(text);
  const place = { offset: -1, length: -1 };
  return findAttribute(viewOf(bytes), 0, bytes.length, wanted, place) ? place : undefined;
}

const RUN = `
  0500 0800 03 000000        # 8: one byte and three of padding
  0c00 1500 0100000000000000 # 21: eight bytes
  0400 1300                  # 19: nothing
`;

describe('findAttribute', () => {
  it('finds each attribute, padded or empty', () => {
    expect(find(RUN, 8)).toEqual({ offset: 4, length: 1 });
    expect(find(RUN, 21)).toEqual({ offset: 12, length: 8 });
    expect(find(RUN, 19)).toEqual({ offset: 24, length: 0 });
  });

  it('reports an absent attribute', () => {
    expect(find(RUN, 2)).toBeUndefined();
    expect(find('', 0)).toBeUndefined();
  });

  it('treats type 0 like any other attribute', () => {
    expect(find('0600 0000 6162 0000', 0)).toEqual({ offset: 4, length: 2 });
  });

  it('ignores the two flag bits of a type', () => {
    expect(find('0800 1380 01020304  # NLA_F_NESTED', 0x13)).toEqual({ offset: 4, length: 4 });
    expect(find('0800 1340 01020304  # NLA_F_NET_BYTEORDER', 0x13)).toEqual({ offset: 4, length: 4 });
  });

  it('accepts the last attribute without its padding', () => {
    expect(find('0500 0800 03', 8)).toEqual({ offset: 4, length: 1 });
  });

  it.each([
    ['shorter than its header', '0300 0100 00000000  0800 0200 01020304'],
    ['of length zero', '0000 0100 00000000  0800 0200 01020304'],
    ['longer than the run', '1100 0100 00000000  0800 0200 01020304'],
  ])('does not trust what stands behind an attribute %s', (_, text) => {
    expect(find(text, 1)).toBeUndefined();
    expect(find(text, 2)).toBeUndefined();
  });

  it('does not read past the end of the sequence', () => {
    const bytes = hex('0400 0100  0800 0200 01020304');
    const place = { offset: -1, length: -1 };
    expect(findAttribute(viewOf(bytes), 0, 4, 2, place)).toBe(false);
    expect(findAttribute(viewOf(bytes), 4, 8, 2, place)).toBe(false);
    expect(findAttribute(viewOf(bytes), 8, 0, 2, place)).toBe(false);
    expect(place).toEqual({ offset: -1, length: -1 });
  });
});
