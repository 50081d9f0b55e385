/** `serve` pushes to a real Prometheus where its name or its clock is wrong: what becomes of the samples, and who says so. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IS_ONE_FILE } from '../../support/cli.ts';
import { type MetricsEngine, startPrometheus } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { statesOfSs } from '../../support/engines/states.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { settableClock } from '../../support/settable-clock.ts';

const PUSHED_MS = 120_000;
const HOUR = 3_600_000;
const RULES = path.resolve(import.meta.dirname, '../../../deploy/prometheus/socklens.rules.yml');

/** The expression of an alert of deploy/. */
function expressionOf(alert: string): string {
  const found = new RegExp(`- alert: ${alert}\\n\\s+expr: (.+)`).exec(fs.readFileSync(RULES, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`no alert ${alert}`);
  return found;
}

describe.skipIf(WHY_NO_ENGINES !== '')(
  `names and clocks of what is pushed${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 5 * PUSHED_MS },
  () => {
    let netns: TestNetns;
    let engine: MetricsEngine;
    const serves: ServeRun[] = [];
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-push-clock-'));

    beforeAll(async () => {
      netns = createNetns();
      await (await populate(netns)).order({ port: 8080, open: 17, closing: 0 });
    });
    afterEach(async () => {
      for (const serve of serves.splice(0)) await serve.stop();
      await removeEngines();
    }, 120_000);
    afterAll(() => {
      removeAllNetns();
      fs.rmSync(folder, { recursive: true, force: true });
    });

    async function start(name: string, env: Record<string, string> = {}): Promise<ServeRun> {
      const url = `${engine.url}/api/v1/write`;
      const args = [`netns:${netns.name}`, `--push=${url}`, '--push-interval=1s', `--push-as=${name}`];
      const run = await startServe(args, { env });
      serves.push(run);
      return run;
    }

    async function established(instance: string): Promise<number | undefined> {
      const labels = `instance="${instance}",container="netns:${netns.name}",state="established"`;
      return (await engine.query(`socklens_container_sockets{${labels}}`))[0]?.value;
    }

    it('two serves of one name: the alert of deploy/ says it, and not of two names', async () => {
      const twice = expressionOf('SocklensNameTwice');
      engine = await startPrometheus({});
      await start('one');
      const second = await start('other');
      await until('both', async () => (await engine.query('count(socklens_instance_info)'))[0]?.value === 2, PUSHED_MS);
      expect(await engine.query(twice)).toEqual([]);
      await second.stop();
      await start('one');
      const [found] = await until(
        'two of one name',
        async () => {
          const series = await engine.query(twice);
          return series.length > 0 && series;
        },
        PUSHED_MS,
      );
      expect(found).toMatchObject({ metric: { job: 'socklens', instance: 'one' }, value: 2 });
    });

    it.skipIf(IS_ONE_FILE)(
      'a clock that is set back by an hour: refused, counted and said, and well again with the clock',
      async () => {
        engine = await startPrometheus({});
        const clock = settableClock(folder);
        const run = await start('clock', { ...clock.env, SOCKLENS_BPF: 'off' });
        const isTrue = async () => (await established('clock')) === statesOfSs(netns).established;
        await until('the connections of ss', isTrue, PUSHED_MS);
        const refused = async () => {
          const text = await (await fetch(`${run.origin}/metrics`)).text();
          return Number(/^socklens_push_samples_total\{result="refused"\} (\d+)/m.exec(text)?.[1] ?? 0);
        };
        expect(await refused()).toBe(0);
        clock.set(-HOUR);
        await until('refused samples', async () => (await refused()) > 0, PUSHED_MS);
        clock.set(0);
        const setMs = Date.now() / 1000;
        await until(
          'a sample of the right time',
          async () => {
            const [last] = await engine.query(`timestamp(socklens_build_info{instance="clock"})`);
            return (last?.value ?? 0) > setMs && (await isTrue());
          },
          PUSHED_MS,
        );
        const after = await refused();
        const sent = async () => {
          const text = await (await fetch(`${run.origin}/metrics`)).text();
          return Number(/^socklens_push_samples_total\{result="sent"\} (\d+)/m.exec(text)?.[1] ?? 0);
        };
        const before = await sent();
        await until('more that is taken', async () => (await sent()) > before, PUSHED_MS);
        expect(await refused()).toBe(after);
      },
    );
  },
);
