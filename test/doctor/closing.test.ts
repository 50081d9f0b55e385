/** Rules about connections that do not end, on connections of the test's own. */
import fs from 'node:fs';
import { expect } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { SHUT } from '../support/recipes/constants.ts';
import { answering } from '../support/recipes/half-close.ts';
import { drop, type RecipeContext, V4, withRecipeContext } from '../support/recipes/recipe-context.ts';
import type { Pair } from '../support/recipes/workshop.ts';

const ORPHANS = 110;

async function findings({ netns }: RecipeContext, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, options)).findings;
}

async function pairs({ workshop }: RecipeContext, count: number): Promise<{ port: number; pairs: Pair[] }> {
  const listener = await workshop.tcpListener(V4);
  const made: Pair[] = [];
  for (let index = 0; index < count; index++) made.push(await workshop.tcpPair(listener));
  return { port: listener.port, pairs: made };
}

/** Rows of ss that match, without its heading. */
function rows({ netns }: RecipeContext, ...filter: string[]): string[] {
  return netns
    .run('ss', '-Htnoi', ...filter)
    .split('\n')
    .filter((line) => line.startsWith('0') || /^\d/.test(line));
}

/** Closed with unsent data, and nothing comes through any more. */
async function unreachable(context: RecipeContext, count: number): Promise<void> {
  const { port, pairs: made } = await pairs(context, count);
  drop(context.netns, V4, '--dport', String(port));
  for (const { client } of made) {
    await context.workshop.send(client, 100);
    await context.workshop.close(client);
  }
  await until('data sent again', () => {
    return (
      context.netns
        .run('ss', '-Htno', 'state', 'fin-wait-1')
        .split('\n')
        .filter((line) => /timer:\(on,[^,]+,[1-9]/.test(line)).length >= count
    );
  });
}

/** Closed by one side, acknowledged and left open by the other: FIN_WAIT2 without a process. */
async function miniSockets(context: RecipeContext, count: number): Promise<void> {
  const { pairs: made } = await pairs(context, count);
  for (const { client } of made) await context.workshop.close(client);
  await until('mini-sockets', () => rows(context, 'state', 'fin-wait-2').length === count);
}

prove({
  rule: 'FIN_WAIT_STUCK',
  how: `namespace: ${ORPHANS} connections closed with unsent data, and nothing comes through`,
  lookAlike: 'FIN_WAIT2 mini-sockets',
  fault: () =>
    withRecipeContext(async (context) => {
      await unreachable(context, ORPHANS);
      return findings(context, { rules: ['FIN_WAIT_STUCK'] });
    }),
  check: (finding) =>
    expect(finding).toMatchObject({
      severity: 'warning',
      summary: expect.stringContaining(`${ORPHANS} closed connections`),
    }),
  healthy: () =>
    withRecipeContext(async (context) => {
      await miniSockets(context, ORPHANS);
      return findings(context, { rules: ['FIN_WAIT_STUCK'] });
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
    withRecipeContext(async (context) => {
      await unreachable(context, ORPHANS);
      return findings(context, { rules: ['ORPHANS'], set: [share(ORPHANS)] });
    }),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'critical', scope: { kind: 'host' } });
    expect(finding.evidence).toContainEqual(expect.objectContaining({ value: ORPHANS, source: 'sock_diag' }));
  },
  healthy: () =>
    withRecipeContext(async (context) => {
      // The kernel may still time out orphans of other tests.
      const before = Number(/orphan (\d+)/.exec(fs.readFileSync('/proc/net/sockstat', 'latin1'))?.[1]);
      await miniSockets(context, ORPHANS);
      return findings(context, { rules: ['ORPHANS'], set: [share(before + ORPHANS)] });
    }),
});

prove({
  rule: 'HALF_CLOSED_HELD',
  how: 'namespace: twenty connections shut for writing and kept',
  lookAlike: 'mini-sockets; an answer that is still coming',
  fault: () =>
    withRecipeContext(async (context) => {
      const { pairs: made } = await pairs(context, 20);
      for (const { client } of made) await context.workshop.shutdown(client, SHUT.WR);
      return findings(context, { rules: ['HALF_CLOSED_HELD'], set: ['HALF_CLOSED_HELD.minAgeMs=2s'], for: '4s' });
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', scope: { kind: 'process' } }),
  async healthy() {
    const options = { rules: ['HALF_CLOSED_HELD'], set: ['HALF_CLOSED_HELD.minAgeMs=2s'], for: '4s' };
    const mini = await withRecipeContext(async (context) => {
      await miniSockets(context, 30);
      return findings(context, options);
    });
    const inUse = await withRecipeContext(async (context) => {
      await answering(context, 30);
      return findings(context, options);
    });
    return [...mini, ...inUse];
  },
});
