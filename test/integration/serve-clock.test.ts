/** `socklens serve` on a machine whose clock is set while it runs: it goes on within seconds, in both directions. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { HistoryAnswer } from '../../src/serve/protocol/history.ts';
import type { ContainerRow, OverviewAnswer, ProblemsAnswer } from '../../src/serve/protocol.ts';
import { alertReceiver } from '../support/alert-receiver.ts';
import { IS_ONE_FILE } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { populate } from '../support/page/population.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';
import { settableClock } from '../support/settable-clock.ts';

const HOUR = 3_600_000;

let serve: ServeRun | undefined;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-serve-clock-'));

afterEach(async () => {
  await serve?.stop();
  serve = undefined;
  removeAllNetns();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function overview(run: ServeRun): Promise<OverviewAnswer> {
  return (await run.ask('overview')) as OverviewAnswer;
}

async function rowOf(run: ServeRun, { name }: TestNetns): Promise<ContainerRow | undefined> {
  return (await overview(run)).rows.find((row) => row.name === `netns:${name}`);
}

/** Connections in a state, as `ss` has them. */
function counted(netns: TestNetns, state: string): number {
  return netns.run('ss', '-tnH', 'state', state).split('\n').filter(Boolean).length;
}

// The one file takes no option that loads something into it.
describe.skipIf(IS_ONE_FILE)('serve: the clock is set', () => {
  it.each([
    ['back', -HOUR],
    ['forward', HOUR],
  ])(
    '%s by an hour',
    async (_, offMs) => {
      const [stays, goes] = [createNetns(), createNetns()];
      const population = await populate(stays);
      await population.order({ port: 8080, open: 20, closing: 0 });
      const clock = settableClock(folder);
      const receiver = await alertReceiver();
      const config = path.join(folder, 'clock.toml');
      fs.writeFileSync(
        config,
        `[doctor.rules.CLOSE_WAIT_LEAK]\nminAgeMs = "1s"\n\n[[alerts]]\nname = "ops"\ntype = "webhook"\nurl = "${receiver.url}"\nwait = "0s"\ninterval = "1s"\n`,
      );
      try {
        const targets = [stays, goes].map(({ name }) => `netns:${name}`);
        // Records of programs in the kernel have times of the machine's own clock.
        const env = { ...clock.env, SOCKLENS_BPF: 'off' };
        const run = await startServe([...targets, '--config', config], { env });
        serve = run;
        await until('its numbers', async () => (await rowOf(run, stays))?.sockets?.byState.ESTABLISHED === 40);
        await until('the other', async () => (await rowOf(run, goes))?.status === 'running');
        clock.set(offMs);
        const setAtMs = Date.now();
        await until('a tick of the new time', async () => {
          const { atMs } = await overview(run);
          return Math.abs(atMs - (Date.now() + offMs)) < HOUR / 2 && atMs > setAtMs + offMs;
        });
        // Sockets, namespaces, rules and receivers: nothing waits for the time that was.
        await population.order({ port: 8080, open: 150, closing: 120 });
        await until('the new numbers', async () => {
          const { byState = {} } = (await rowOf(run, stays))?.sockets ?? {};
          return byState.CLOSE_WAIT === 120 && byState.ESTABLISHED === counted(stays, 'established');
        });
        goes.remove();
        await until('the end of the other', async () => (await rowOf(run, goes))?.status === 'stopped');
        const problem = await until(
          'the problem',
          async () =>
            ((await run.ask('problems')) as ProblemsAnswer).problems.find(({ rule }) => rule === 'CLOSE_WAIT_LEAK'),
          120_000,
        );
        expect(problem.openedAtMs).toBeLessThan(Date.now() + offMs + 1000);
        await until('the alert', () => receiver.received.length > 0, 120_000);
        await until('its history', async () => {
          const { containers } = (await run.ask(
            `history?series=state.CLOSE_WAIT&points=10&from=${setAtMs + offMs}&to=${Date.now() + offMs}`,
          )) as HistoryAnswer;
          return containers.some(({ columns }) => columns[0]?.mean.some((value) => value === 120));
        });
      } finally {
        await receiver.close();
      }
    },
    600_000,
  );
});
