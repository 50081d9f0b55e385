/** Golden instructions of the programs, assembled for the types of one kernel: a change of them is to be read. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BtfError, type KernelTypes } from '../../../src/bpf/kernel-types.ts';
import { KnownTypes, type TypeAnswers } from '../../../src/bpf/known-types.ts';
import { acceptedProgram } from '../../../src/bpf/programs/accepted-connections.ts';
import { connectionEventsProgram } from '../../../src/bpf/programs/connection-events.ts';
import { heldSocketsProgram } from '../../../src/bpf/programs/held-sockets.ts';
import {
  droppedDatagramProgram,
  receivedResetProgram,
  retransmitProgram,
  sentResetProgram,
} from '../../../src/bpf/programs/packet-events.ts';
import { socketHoldersProgram } from '../../../src/bpf/programs/socket-holders.ts';
import { disassemble } from '../../support/disassemble.ts';

const FIXTURE = path.resolve(import.meta.dirname, '../../fixtures/kernel-types/linux-6.18-x64.json');
const LINUX_6_18 = JSON.parse(fs.readFileSync(FIXTURE, 'utf8')) as TypeAnswers;

/** Types that answer what was recorded, with these changes, and fail for anything else. */
function typesOf(changes: TypeAnswers = {}): KernelTypes {
  return new KnownTypes({ ...LINUX_6_18, ...changes }, () => {
    throw new Error('a question that was not recorded');
  });
}

const golden = (instructions: Uint8Array, name: string) =>
  expect(`${disassemble(instructions).join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`);

describe('the program for held sockets', () => {
  it('has typed loads, and fewer than 120 instructions', async () => {
    const program = heldSocketsProgram(typesOf(), 'typed');
    expect(program).toMatchObject({ name: 'socklens_held', attachType: 28, attachTypeId: 64252 });
    await golden(program.instructions, 'held-sockets');
  });

  it('for kernels before 5.11: reads by call', async () => {
    // Their pointer to the cgroup has flags in its lowest bits.
    const types = typesOf({
      'struct sock sk_cgrp_data.cgroup': 'the kernel has none',
      'struct sock sk_cgrp_data.val': [672, 8],
    });
    const { instructions } = heldSocketsProgram(types, 'probe');
    await golden(instructions, 'held-sockets-probe');
  });

  it('on a kernel without cgroups of sockets: has none', () => {
    const none = 'the kernel has none';
    const types = typesOf({ 'struct sock sk_cgrp_data.cgroup': none, 'struct sock sk_cgrp_data.val': none });
    const lines = disassemble(heldSocketsProgram(types, 'typed').instructions);
    expect(lines.join('\n')).not.toContain('672');
  });

  it('on a kernel that lacks a type: BtfError', () => {
    const types = typesOf({ 'func bpf_iter_task_file': 'the kernel has no func bpf_iter_task_file' });
    expect(() => heldSocketsProgram(types, 'typed')).toThrow(BtfError);
  });
});

describe('the program for owners', () => {
  it.each(['typed', 'probe'] as const)('does not touch the socket (%s)', async (form) => {
    const program = socketHoldersProgram(typesOf(), form);
    expect(program).toMatchObject({ name: 'socklens_owners', attachType: 28, attachTypeId: 64252 });
    await golden(program.instructions, form === 'typed' ? 'socket-holders' : 'socket-holders-probe');
  });
});

describe('the programs for connection events', () => {
  const maps = { netnsFd: 5, ringFd: 6, recordedFd: 7 };

  it.each(['opening', 'rest', 'rest-second', 'closing', 'peer-closing', 'peer-closing-second'] as const)(
    '%s: typed loads, and at most 120 instructions',
    async (part) => {
      const program = connectionEventsProgram(typesOf(), maps, part, 'new');
      expect(program).toMatchObject({ attachType: 23 });
      expect(program.instructions.length / 8).toBeLessThanOrEqual(120);
      await golden(program.instructions, `connection-events-${part}`);
    },
  );

  it('for kernels before 5.12: the name of the thread, and the cookie as it is', async () => {
    await golden(connectionEventsProgram(typesOf(), maps, 'rest', 'old').instructions, 'connection-events-rest-old');
  });

  it('on a kernel that lacks the tracepoint: BtfError', () => {
    const types = typesOf({ 'typedef btf_trace_inet_sock_set_state': 'the kernel has none' });
    expect(() => connectionEventsProgram(types, maps, 'rest', 'new')).toThrow(BtfError);
  });
});

describe('the programs for packet events', () => {
  const maps = { netnsFd: 5, ringFd: 6 };
  const programs = [
    ['retransmit', retransmitProgram],
    ['reset-received', receivedResetProgram],
    ['reset-sent-answer', (types: KernelTypes) => sentResetProgram(types, maps, 'answer')],
    ['reset-sent-abort', (types: KernelTypes) => sentResetProgram(types, maps, 'abort')],
    ['drop', droppedDatagramProgram],
  ] as const;

  it.each(programs)('%s: at most 120 instructions', async (name, make) => {
    const program = make(typesOf(), maps);
    expect(program.attachType).toBe(23);
    expect(program.name.length).toBeLessThanOrEqual(15);
    expect(program.instructions.length / 8).toBeLessThanOrEqual(120);
    await golden(program.instructions, `packet-events-${name}`);
  });

  it('drop: tests the reason before anything else', () => {
    const lines = disassemble(droppedDatagramProgram(typesOf(), maps).instructions);
    const reasons = typesOf().enumerators('skb_drop_reason');
    expect(lines[0]).toBe('r8 = *(u64 *)(r1 + 16)');
    expect(lines[1]).toContain(`if r8 == ${reasons.SKB_DROP_REASON_SOCKET_RCVBUFF} goto`);
    expect(lines.slice(1, 6).every((line) => line.startsWith('if r8 == ') || line.startsWith('goto'))).toBe(true);
  });

  it('before Linux 6.10 a reset has no reason, and before 6.11 a drop no socket', () => {
    const types = typesOf({
      'parameters of typedef btf_trace_tcp_send_reset': 2,
      'parameters of typedef btf_trace_kfree_skb': 3,
    });
    for (const [, make] of programs) expect(() => make(types, maps)).not.toThrow();
    const args = disassemble(sentResetProgram(types, maps, 'answer').instructions)[3];
    expect(args).toBe('r2 = 16');
  });

  it('before Linux 5.17 a drop has no reason: BtfError', () => {
    const types = typesOf({ 'enum skb_drop_reason': 'the kernel has no enum skb_drop_reason' });
    expect(() => droppedDatagramProgram(types, maps)).toThrow(BtfError);
  });
});

describe('the program for accepted connections', () => {
  const maps = { netnsFd: 5, ringFd: 6 };

  it.each([
    ['since Linux 6.10 takes the result after two arguments', 2, 'new'],
    ['before after four', 4, 'old'],
  ] as const)('%s', async (_, parameters, level) => {
    const types = typesOf({ 'parameters of func inet_csk_accept': parameters });
    const program = acceptedProgram(types, maps, level);
    expect(program).toMatchObject({ name: 'socklens_accept', attachType: 25 });
    expect(disassemble(program.instructions)[0]).toBe(`r6 = *(u64 *)(r1 + ${parameters * 8})`);
    await golden(program.instructions, `accepted-connections-${level}`);
  });
});
