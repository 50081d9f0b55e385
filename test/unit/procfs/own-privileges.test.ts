import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasMoreCapabilities, parsePrivileges } from '../../../src/procfs/own-privileges.ts';

const status = (uids: string, capabilities: string) =>
  `Name:\tnode\nUid:\t${uids}\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t${capabilities}\n`;

test('privileges: the effective uid and the effective capabilities, not the permitted ones', () => {
  expect(parsePrivileges(status('1000\t0\t0\t0', '000001ffffffffff'))).toEqual({
    effectiveUid: 0,
    capabilities: new Set([
      'CAP_DAC_OVERRIDE',
      'CAP_DAC_READ_SEARCH',
      'CAP_NET_ADMIN',
      'CAP_SYS_PTRACE',
      'CAP_SYS_ADMIN',
      'CAP_SYS_RESOURCE',
      'CAP_PERFMON',
      'CAP_BPF',
    ]),
  });
  expect(parsePrivileges(status('0\t1000\t0\t0', '0000000000000000'))).toEqual({
    effectiveUid: 1000,
    capabilities: new Set(),
  });
});

test('privileges: each capability by its bit of capability.h', () => {
  for (const [bits, name] of [
    ['0000000000000002', 'CAP_DAC_OVERRIDE'],
    ['0000000000000004', 'CAP_DAC_READ_SEARCH'],
    ['0000000000001000', 'CAP_NET_ADMIN'],
    ['0000000000080000', 'CAP_SYS_PTRACE'],
    ['0000000000200000', 'CAP_SYS_ADMIN'],
    ['0000000001000000', 'CAP_SYS_RESOURCE'],
    ['0000004000000000', 'CAP_PERFMON'],
    ['0000008000000000', 'CAP_BPF'],
  ] as const) {
    expect([...(parsePrivileges(status('0\t0\t0\t0', bits))?.capabilities ?? [])]).toEqual([name]);
  }
});

test('privileges: a text of another file has none', () => {
  expect(parsePrivileges('1 (init) S 0')).toBeUndefined();
});

test('privileges: a process with a permitted capability that is not effective here has more', () => {
  const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'proc-'));
  for (const [pid, permitted, effective] of [
    ['self', '000001ffffffffff', '000001fffeffffff'],
    ['1', '000001ffffffffff', '0000000000000000'],
    ['2', '000001fffeffffff', '000001fffeffffff'],
  ] as const) {
    fs.mkdirSync(`${proc}/${pid}`);
    fs.writeFileSync(`${proc}/${pid}/status`, `CapPrm:\t${permitted}\nCapEff:\t${effective}\n`);
  }
  expect([1, 2, 3].map((pid) => hasMoreCapabilities(pid, proc))).toEqual([true, false, false]);
  fs.rmSync(proc, { recursive: true });
});
