import { expect } from 'vitest';
import type { Finding } from '../../src/model/finding/finding.ts';
import { type DiagnoseOptions, diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { answering } from '../support/recipes/half-close.ts';
import { type RecipeContext, V4, withRecipeContext } from '../support/recipes/recipe-context.ts';
import { dial, waitingAt } from '../support/recipes/server-queues.ts';

const CONNECTIONS = 12;

async function findings({ netns }: RecipeContext, options: DiagnoseOptions): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, { rules: ['CLOSE_WAIT_LEAK'], ...options })).findings;
}

async function pairs({ workshop }: RecipeContext) {
  const listener = await workshop.tcpListener(V4);
  return Promise.all(Array.from({ length: CONNECTIONS }, () => workshop.tcpPair(listener)));
}

prove({
  rule: 'CLOSE_WAIT_LEAK',
  how: 'namespace: the peer closes, the process never does',
  lookAlike:
    'closed by both sides; idle for long and closed just now; an answer that is still coming; connections that nobody accepted, whose clients gave up',
  fault: () =>
    withRecipeContext(async (context) => {
      for (const { server } of await pairs(context)) await context.workshop.close(server);
      return findings(context, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'] });
    }),
  check: ({ evidence, fixes }) => {
    expect(evidence[0]?.value).toBe(CONNECTIONS);
    expect(fixes[0]?.text).toContain('end of file was never read');
  },
  async healthy() {
    const inOrder = await withRecipeContext(async (context) => {
      for (const { server, client } of await pairs(context)) {
        await context.workshop.close(server);
        await context.workshop.close(client);
      }
      return findings(context, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'] });
    });
    const justNow = await withRecipeContext(async (context) => {
      const made = await pairs(context);
      await until('connections idle for six seconds', () => idleMs(context) > 6000);
      for (const { server } of made) await context.workshop.close(server);
      return findings(context, { set: ['CLOSE_WAIT_LEAK.minAgeMs=5s'], for: '1s' });
    });
    const inUse = await withRecipeContext(async (context) => {
      await answering(context, 150);
      return findings(context, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'], for: '4s' });
    });
    const unaccepted = await withRecipeContext(async (context) => {
      const listener = await context.workshop.tcpListener(V4, 0, 128);
      const clients = await dial(context, listener.port, CONNECTIONS);
      await until(
        'connections in the queue',
        () => waitingAt(context, listener.port).values().next().value === CONNECTIONS,
      );
      for (const client of clients) await context.workshop.close(client);
      return findings(context, { set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'] });
    });
    return [...inOrder, ...justNow, ...inUse, ...unaccepted];
  },
});

/** Idle time of the connections, from ss. */
function idleMs({ netns }: RecipeContext): number {
  return Math.min(...[...netns.run('ss', '-Htni').matchAll(/lastrcv:(\d+)/g)].map(([, ms]) => Number(ms)));
}
