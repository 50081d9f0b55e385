/** Rules about limits of the whole host. The tests do not lower the host's limits: their faults are recorded numbers. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, expect } from 'vitest';
import { conntrackFull } from '../../src/doctor/rules/path/conntrack-full.ts';
import { tcpMemPressure } from '../../src/doctor/rules/path/tcp-mem-pressure.ts';
import type { HostSample } from '../../src/model/sample/sample.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns } from '../support/netns.ts';
import { zeroWindow } from '../support/recipes/tcp-data.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { judge, START_MS, series } from '../support/series.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each.remove();
});

function recorded(...samples: Partial<HostSample>[]) {
  return series([], { host: samples.map((sample, second) => ({ atMs: START_MS + second * 1000, ...sample })) });
}

prove({
  rule: 'TCP_MEM_PRESSURE',
  how: 'recorded numbers: 170,000 pages of 93,000/124,000/186,000',
  lookAlike: 'namespace: one connection whose buffers are full, on a host with memory in plenty',
  fault: async () =>
    judge(
      tcpMemPressure,
      recorded(
        { tcpMemPages: 90_000, tcpMemLimits: [93_000, 124_000, 186_000] },
        { tcpMemPages: 170_000, tcpMemLimits: [93_000, 124_000, 186_000] },
      ),
    ),
  check: ({ severity }) => expect(severity).toBe('critical'),
  async healthy() {
    const netns = createNetns();
    made.push(netns);
    await zeroWindow({ netns, workshop: await Workshop.start(netns) });
    // Read on the host: no other namespace has the marks.
    const [, pressure = 0] = execFileSync('sysctl', ['-n', 'net.ipv4.tcp_mem'], { encoding: 'utf8' })
      .split(/\s+/)
      .map(Number);
    const pages = Number(/^TCP:.* mem (\d+)$/m.exec(fs.readFileSync('/proc/net/sockstat', 'utf8'))?.[1]);
    expect(pages).toBeLessThan(pressure);
    return (await diagnose(`netns:${netns.name}`, { rules: ['TCP_MEM_PRESSURE'], for: '2s' })).findings;
  },
});

prove({
  rule: 'CONNTRACK_FULL',
  how: 'recorded numbers: 65,500 of 65,536 entries, 12 packets dropped',
  lookAlike: 'recorded numbers: clashes of SNAT ports while the table has room',
  fault: async () =>
    judge(
      conntrackFull,
      recorded(
        {
          conntrackCount: 65_400,
          conntrackMax: 65_536,
          conntrackDrop: 100,
          conntrackEarlyDrop: 0,
          conntrackInsertFailed: 3,
        },
        {
          conntrackCount: 65_500,
          conntrackMax: 65_536,
          conntrackDrop: 112,
          conntrackEarlyDrop: 0,
          conntrackInsertFailed: 3,
        },
      ),
    ),
  check: ({ severity, summary }) => {
    expect(severity).toBe('critical');
    expect(summary).toContain('dropped 12 packets');
  },
  healthy: async () =>
    judge(
      conntrackFull,
      recorded(
        {
          conntrackCount: 900,
          conntrackMax: 65_536,
          conntrackDrop: 100,
          conntrackEarlyDrop: 0,
          conntrackInsertFailed: 100,
        },
        {
          conntrackCount: 950,
          conntrackMax: 65_536,
          conntrackDrop: 140,
          conntrackEarlyDrop: 0,
          conntrackInsertFailed: 140,
        },
      ),
    ),
});
