/** Golden instructions of the programs, assembled for the types of one kernel: a change of them is to be read. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BtfError, type KernelTypes } from '../../../src/bpf/kernel-types.ts';
import { KnownTypes, type TypeAnswers } from '../../../src/bpf/known-types.ts';
import { connectionEventsProgram } from '../../../src/bpf/programs/connection-events.ts';
import { heldSocketsProgram } from '../../../src/bpf/programs/held-sockets.ts';
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
  const maps = { netnsFd: 5, ringFd: 6 };

  it.each(['opening', 'rest'] as const)('%s: typed loads, and at most 120 instructions', async (part) => {
    const program = connectionEventsProgram(typesOf(), maps, part, 'new');
    expect(program).toMatchObject({ attachType: 23 });
    expect(program.instructions.length / 8).toBeLessThanOrEqual(120);
    await golden(program.instructions, `connection-events-${part}`);
  });

  it('for kernels before 5.12: the name of the thread, and the cookie as it is', async () => {
    await golden(connectionEventsProgram(typesOf(), maps, 'rest', 'old').instructions, 'connection-events-rest-old');
  });

  it('on a kernel that lacks the tracepoint: BtfError', () => {
    const types = typesOf({ 'typedef btf_trace_inet_sock_set_state': 'the kernel has none' });
    expect(() => connectionEventsProgram(types, maps, 'rest', 'new')).toThrow(BtfError);
  });
});
