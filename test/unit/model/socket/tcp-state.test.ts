import { describe, expect, it } from 'vitest';
import { ALL_STATES, STATE_DISPLAY_ORDER, stateMask, stateName } from '../../../../src/model/socket/tcp-state.ts';

describe('stateName', () => {
  // include/net/tcp_states.h, spelt as netstat does
  it.each([
    [1, 'ESTABLISHED'],
    [2, 'SYN_SENT'],
    [3, 'SYN_RECV'],
    [4, 'FIN_WAIT1'],
    [5, 'FIN_WAIT2'],
    [6, 'TIME_WAIT'],
    [7, 'CLOSE'],
    [8, 'CLOSE_WAIT'],
    [9, 'LAST_ACK'],
    [10, 'LISTEN'],
    [11, 'CLOSING'],
    [12, 'SYN_RECV'],
    [13, 'CLOSE'],
    [0, 'UNKNOWN(0)'],
    [14, 'UNKNOWN(14)'],
    [255, 'UNKNOWN(255)'],
    [-1, 'UNKNOWN(-1)'],
  ])('%i is %s', (state, name) => {
    expect(stateName(state)).toBe(name);
  });
});

describe('stateMask', () => {
  it('has a bit for each state', () => {
    expect(stateMask()).toBe(0);
    expect(stateMask(1, 10)).toBe(0x402);
    expect(stateMask(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)).toBe(ALL_STATES);
  });
});

describe('STATE_DISPLAY_ORDER', () => {
  it('holds each of the eleven once', () => {
    const names = Array.from({ length: 11 }, (_, index) => stateName(index + 1));
    expect([...STATE_DISPLAY_ORDER].sort()).toEqual(names.sort());
  });
});
