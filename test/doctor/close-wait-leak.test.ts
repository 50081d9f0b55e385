import { expect } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { type Ground, V4 } from '../support/recipes/ground.ts';
import { answering } from '../support/recipes/half-close.ts';
import { onStage } from '../support/stage.ts';

const CONNECTIONS = 12;

async function findings({ netns }: Ground, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, { rules: ['CLOSE_WAIT_LEAK'], ...options })).findings;
}

async function pairs({ workshop }: Ground) {
  const listener = await workshop.tcpListener(V4);
  return Promise.all(Array.from({ length: CONNECTIONS }, () => workshop.tcpPair(listener)));
}

prove({
  rule: 'CLOSE_WAIT_LEAK',
  how: 'namespace: the peer closes, the process never does',
  lookAlike: 'closed by both sides; idle for long and closed just now; an answer that is still coming',
  fault: () =>
    onStage(async (ground) => {
      for (const { server } of await pairs(ground)) await ground.workshop.close(server);
      return findings(ground, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'] });
    }),
  check: ({ evidence, fixes }) => {
    expect(evidence[0]?.value).toBe(CONNECTIONS);
    expect(fixes[0]?.text).toContain('end of file was never read');
  },
  async healthy() {
    const inOrder = await onStage(async (ground) => {
      for (const { server, client } of await pairs(ground)) {
        await ground.workshop.close(server);
        await ground.workshop.close(client);
      }
      return findings(ground, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'] });
    });
    const justNow = await onStage(async (ground) => {
      const made = await pairs(ground);
      await until('connections idle for six seconds', () => idleMs(ground) > 6000);
      for (const { server } of made) await ground.workshop.close(server);
      return findings(ground, { set: ['CLOSE_WAIT_LEAK.minAgeMs=5s'], for: '1s' });
    });
    const inUse = await onStage(async (ground) => {
      await answering(ground, 150);
      return findings(ground, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'], for: '4s' });
    });
    return [...inOrder, ...justNow, ...inUse];
  },
});

/** For how long nothing came on any connection, as ss tells it. */
function idleMs({ netns }: Ground): number {
  return Math.min(...[...netns.run('ss', '-Htni').matchAll(/lastrcv:(\d+)/g)].map(([, ms]) => Number(ms)));
}
