import { describe, expect, it } from 'vitest';
import { ClosedConnectionView } from '../../../../src/model/socket/closed-connection-view.ts';
import type { Remembered } from '../../../../src/model/socket/connection-event.ts';
import { outcomeOf } from '../../../../src/model/socket/outcome.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { type DestroyEventBytes, destroyEvent, remembered } from '../../../support/destroy-event.ts';

const ESTABLISHED = { peerPort: 3306, rttUs: 300, minRttUs: 25, segmentsIn: 9 };
/** The fields of an event after tcp_disconnect(). */
const MANGLED = { peerPort: 0, local: 0, rttUs: 0 };

describe('outcomeOf', () => {
  it.each<[string, DestroyEventBytes, Remembered | undefined, string]>([
    ['everything read', ESTABLISHED, undefined, 'closed'],
    ['an unread end-of-file', { ...ESTABLISHED, receiveQueue: 1 }, undefined, 'closed'],
    ['unread data', { ...ESTABLISHED, receiveQueue: 2 }, undefined, 'aborted'],
    ['reset in answer to its SYN', { peerPort: 3306, segmentsIn: 1 }, undefined, 'refused'],
    ['never answered', { peerPort: 3306, totalRetrans: 3 }, undefined, 'no-answer'],
    ['not established, of a kernel without segment counts', { peerPort: 3306, infoBytes: 136 }, undefined, 'failed'],
    ['a failed blocking connect', MANGLED, undefined, 'failed'],
    ['the same, seen in SYN_SENT', MANGLED, remembered({ state: TCP_STATE.SYN_SENT }), 'failed'],
    ['SO_LINGER 0', { ...MANGLED, minRttUs: 25 }, undefined, 'aborted'],
    ['SO_LINGER 0, seen', { ...MANGLED, minRttUs: 25 }, remembered(), 'aborted'],
    ['a queued child, seen', { ...MANGLED, minRttUs: 25 }, remembered({ inode: 0 }), 'never-accepted'],
    ['a queued child, unseen: its listener decides', { peerPort: 0, minRttUs: 25 }, undefined, 'mangled-child'],
    ['a listener', { localPort: 80, local: 0, peer: 0 }, undefined, 'unconnected'],
    ['UDP with a peer', { proto: 'udp', peerPort: 53 }, undefined, 'closed'],
    ['UDP without', { proto: 'udp' }, undefined, 'unconnected'],
  ])('%s', (_, event, known, outcome) => {
    expect(outcomeOf(destroyEvent(event), known)).toBe(outcome);
  });
});

describe('ClosedConnectionView', () => {
  it('has the endpoints of the dump where the event does not have them', () => {
    const view = new ClosedConnectionView().moveTo(destroyEvent({ ...MANGLED, localPort: 40_000 }), remembered());
    expect(view).toMatchObject({ localPort: 40_000, peerPort: 3306, state: TCP_STATE.ESTABLISHED, inode: 4711 });
    expect([view.localWord(0), view.peerWord(0)]).toEqual([0x7f000001, 0x7f000001]);
  });

  it('has the endpoints of the event where it has them', () => {
    const known = remembered({ peerPort: 1, peer: [0] });
    const view = new ClosedConnectionView().moveTo(destroyEvent(ESTABLISHED), known);
    expect([view.peerPort, view.peerWord(0), view.tcpInfoNumber('rttUs')]).toEqual([3306, 0x7f000001, 300]);
  });

  it('has no times where the kernel counts from its boot', () => {
    const times = (event: DestroyEventBytes) =>
      new ClosedConnectionView().moveTo(destroyEvent(event), undefined).tcpInfoNumber('lastSentMs');
    expect(times(ESTABLISHED)).toBe(0);
    expect(times({ peerPort: 3306, segmentsIn: 1 })).toBeUndefined();
    expect(times({ ...MANGLED, minRttUs: 25 })).toBeUndefined();
  });

  it('distinguishes an attempt to connect from a connection', () => {
    const state = (event: DestroyEventBytes) => new ClosedConnectionView().moveTo(destroyEvent(event), undefined).state;
    expect(state(ESTABLISHED)).toBe(TCP_STATE.ESTABLISHED);
    expect(state({ peerPort: 3306, segmentsIn: 1 })).toBe(TCP_STATE.SYN_SENT);
    expect(state({ proto: 'udp', peerPort: 53 })).toBe(TCP_STATE.ESTABLISHED);
    expect(state(MANGLED)).toBe(TCP_STATE.CLOSE);
  });
});
