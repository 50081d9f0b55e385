/**
 * Kernels that are locked down (`lockdown=confidentiality`, as with Secure Boot): which programs they refuse, so that
 * another source is taken, and that those which they accept see what there is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { connectionEventsProgram } from '../../../src/bpf/programs/connection-events.ts';
import type { DescriptorForm } from '../../../src/bpf/programs/descriptor-program.ts';
import {
  droppedDatagramProgram,
  receivedResetProgram,
  retransmitProgram,
  sentResetProgram,
} from '../../../src/bpf/programs/packet-events.ts';
import { RecordTable } from '../../../src/bpf/record-table.ts';
import { HELD_SOCKETS, SOCKET_HOLDERS } from '../../../src/kernel/bpf/descriptor-pass.ts';
import { GUEST_MAPS, type GuestFacts, loaded, type Outcome, runGuest } from './guest.ts';
import { KERNELS, kernelImage, MOST_MS } from './kernel-image.ts';

/** The verifier's words. */
const CALL_REFUSED = /^EINVAL.*(unknown func|cannot use helper) bpf_probe_read_kernel/s;

function refusalOf(outcome: Outcome | undefined): string | undefined {
  return outcome !== undefined && 'refused' in outcome ? [outcome.refused, ...outcome.log].join('\n') : undefined;
}

const FORMS: readonly DescriptorForm[] = ['typed', 'probe'];

describe.each(KERNELS)('Linux $version, locked down', { timeout: MOST_MS }, ({ release, version, hasNewFunctions }) => {
  let guest: GuestFacts;
  beforeAll(() => {
    const { file, types } = kernelImage(release);
    const level = hasNewFunctions ? 'new' : 'old';
    const programs = new Map(
      FORMS.flatMap((form) => [
        [`held-${form}`, HELD_SOCKETS.program(types, form)],
        [`holders-${form}`, SOCKET_HOLDERS.program(types, form)],
      ]),
    );
    programs.set('events', connectionEventsProgram(types, GUEST_MAPS, 'rest', level));
    programs.set('packet-retransmit', retransmitProgram(types, GUEST_MAPS));
    programs.set('packet-received', receivedResetProgram(types, GUEST_MAPS));
    programs.set('packet-answer', sentResetProgram(types, GUEST_MAPS, 'answer'));
    if (version !== '5.10') programs.set('packet-drop', droppedDatagramProgram(types, GUEST_MAPS));
    guest = runGuest(file, programs, 'lockdown=confidentiality');
  }, MOST_MS);

  it('refuses to read memory by a call: without typed reads the links of /proc are read', () => {
    for (const name of ['held-probe', 'holders-probe']) {
      expect([name, refusalOf(guest.outcomes.get(name))]).toEqual([name, expect.stringMatching(CALL_REFUSED)]);
    }
  });

  it.runIf(hasNewFunctions)('accepts typed reads: a pass has every descriptor that /proc has', () => {
    const table = new RecordTable(SOCKET_HOLDERS.layout, loaded(guest.outcomes.get('holders-typed')).records);
    const found = Array.from({ length: table.rows }, (_, row) =>
      [table.column('pid')[row], table.column('fd')[row], table.column('inode')[row]].join(' '),
    );
    const held = guest.processes.flatMap(({ pid, sockets }) =>
      sockets.map(({ fd, inode }) => [pid, fd, inode].join(' ')),
    );
    expect(found.sort()).toEqual(held.sort());
    expect(loaded(guest.outcomes.get('held-typed')).records.length).toBe(held.length * HELD_SOCKETS.layout.size);
  });

  it('accepts the events of connections, of retransmissions and of received resets', () => {
    // Both ends of one established and closed, and the one that was refused.
    expect(loaded(guest.outcomes.get('events')).events).toHaveLength(5);
    for (const name of ['packet-retransmit', 'packet-received']) {
      expect(loaded(guest.outcomes.get(name)).events.length, name).toBeGreaterThan(0);
    }
  });

  it('refuses the events of packets without a socket, whose namespace takes a call', () => {
    for (const [name, outcome] of guest.outcomes) {
      if (name !== 'packet-drop' && name !== 'packet-answer') continue;
      expect([name, refusalOf(outcome)]).toEqual([name, expect.stringMatching(CALL_REFUSED)]);
    }
  });
});
