/** Rules about connections that do not end, on connections of the test's own. */
import fs from 'node:fs';
import { expect } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { SHUT } from '../support/recipes/constants.ts';
import { drop, type Ground, V4 } from '../support/recipes/ground.ts';
import { answering } from '../support/recipes/half-close.ts';
import type { Pair } from '../support/recipes/workshop.ts';
import { onStage } from '../support/stage.ts';

const ORPHANS = 110;

async function findings({ netns }: Ground, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, options)).findings;
}

async function pairs({ workshop }: Ground, count: number): Promise<{ port: number; pairs: Pair[] }> {
  const listener = await workshop.tcpListener(V4);
  const made: Pair[] = [];
  for (let index = 0; index < count; index++) made.push(await workshop.tcpPair(listener));
  return { port: listener.port, pairs: made };
}

/** Rows of ss that match, without its heading. */
function rows({ netns }: Ground, ...filter: string[]): string[] {
  return netns
    .run('ss', '-Htnoi', ...filter)
    .split('\n')
    .filter((line) => line.startsWith('0') || /^\d/.test(line));
}

/** Closed with unsent data, and nothing comes through any more. */
async function unreachable(ground: Ground, count: number): Promise<void> {
  const { port, pairs: made } = await pairs(ground, count);
  drop(ground.netns, V4, '--dport', String(port));
  for (const { client } of made) {
    await ground.workshop.send(client, 100);
    await ground.workshop.close(client);
  }
  await until('data sent again', () => {
    return (
      ground.netns
        .run('ss', '-Htno', 'state', 'fin-wait-1')
        .split('\n')
        .filter((line) => /timer:\(on,[^,]+,[1-9]/.test(line)).length >= count
    );
  });
}

/** Closed by one side, acknowledged and kept open by the other: FIN_WAIT2 without a process. */
async function miniSockets(ground: Ground, count: number): Promise<void> {
  const { pairs: made } = await pairs(ground, count);
  for (const { client } of made) await ground.workshop.close(client);
  await until('mini-sockets', () => rows(ground, 'state', 'fin-wait-2').length === count);
}

prove({
  rule: 'FIN_WAIT_STUCK',
  how: `namespace: ${ORPHANS} connections closed with unsent data, and nothing comes through`,
  lookAlike: 'FIN_WAIT2 mini-sockets',
  fault: () =>
    onStage(async (ground) => {
      await unreachable(ground, ORPHANS);
      return findings(ground, { rules: ['FIN_WAIT_STUCK'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({
      severity: 'warning',
      summary: expect.stringContaining(`${ORPHANS} closed connections`),
    }),
  healthy: () =>
    onStage(async (ground) => {
      await miniSockets(ground, ORPHANS);
      return findings(ground, { rules: ['FIN_WAIT_STUCK'] });
    }),
});

/** The share of the host's allowance that so many orphans are. Namespaces do not have the file. */
function share(orphans: number): string {
  return `ORPHANS.critical=${orphans / Number(fs.readFileSync('/proc/sys/net/ipv4/tcp_max_orphans', 'latin1'))}`;
}

prove({
  rule: 'ORPHANS',
  how: `namespace: ${ORPHANS} connections closed with unsent data; the share of the host's allowance lowered to theirs`,
  lookAlike: 'FIN_WAIT2 mini-sockets',
  fault: () =>
    onStage(async (ground) => {
      await unreachable(ground, ORPHANS);
      return findings(ground, { rules: ['ORPHANS'], set: [share(ORPHANS)] });
    }),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', scope: { kind: 'host' } });
    expect(finding.evidence).toContainEqual(expect.objectContaining({ value: ORPHANS, source: 'sock_diag' }));
  },
  healthy: () =>
    onStage(async (ground) => {
      // What other tests left behind is still being given up.
      const before = Number(/orphan (\d+)/.exec(fs.readFileSync('/proc/net/sockstat', 'latin1'))?.[1]);
      await miniSockets(ground, ORPHANS);
      return findings(ground, { rules: ['ORPHANS'], set: [share(before + ORPHANS)] });
    }),
});

prove({
  rule: 'HALF_CLOSED_HELD',
  how: 'namespace: twenty connections shut for writing and kept',
  lookAlike: 'mini-sockets; an answer that is still coming',
  fault: () =>
    onStage(async (ground) => {
      const { pairs: made } = await pairs(ground, 20);
      for (const { client } of made) await ground.workshop.shutdown(client, SHUT.WR);
      return findings(ground, { rules: ['HALF_CLOSED_HELD'], set: ['HALF_CLOSED_HELD.minAgeMs=2s'], for: '4s' });
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', scope: { kind: 'process' } }),
  async healthy() {
    const options = { rules: ['HALF_CLOSED_HELD'], set: ['HALF_CLOSED_HELD.minAgeMs=2s'], for: '4s' };
    const mini = await onStage(async (ground) => {
      await miniSockets(ground, 30);
      return findings(ground, options);
    });
    const inUse = await onStage(async (ground) => {
      await answering(ground, 30);
      return findings(ground, options);
    });
    return [...mini, ...inUse];
  },
});
