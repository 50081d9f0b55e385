/** `serve` pushes to a real Prometheus and a real VictoriaMetrics: values against `ss`, an outage, the end of series. */
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { type MetricsEngine, startPrometheus, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { statesOfSs } from '../../support/engines/states.ts';
import { freePort } from '../../support/free-port.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A push comes every second, beside all else that a machine does. */
const PUSHED_MS = 120_000;

const ENGINES = [
  ['Prometheus', startPrometheus],
  ['VictoriaMetrics', startVictoriaMetrics],
] as const;

describe.skipIf(WHY_NO_ENGINES !== '')(
  `push to engines${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 4 * PUSHED_MS },
  () => {
    let netns: TestNetns;
    let population: Population;
    let serve: ServeRun | undefined;

    beforeAll(async () => {
      netns = createNetns();
      population = await populate(netns);
    });
    afterEach(async () => {
      await serve?.stop();
      serve = undefined;
      await removeEngines();
    }, 120_000);
    afterAll(removeAllNetns);

    /** The states in an engine, those that are there. */
    async function established(engine: MetricsEngine): Promise<number | undefined> {
      const expression = `socklens_container_sockets{job="socklens",instance="one",container="netns:${netns.name}",state="established"}`;
      return (await engine.query(expression))[0]?.value;
    }

    async function start(port: number): Promise<ServeRun> {
      const url = `http://127.0.0.1:${port}/api/v1/write`;
      serve = await startServe([`netns:${netns.name}`, `--push=${url}`, '--push-interval=1s', '--push-as=one']);
      return serve;
    }

    it.each(ENGINES)('%s: has what ss counts, and no series once serve has ended', async (_, startEngine) => {
      const engine = await startEngine({});
      await population.order({ port: 8080, open: 17, closing: 0 });
      const run = await start(Number(new URL(engine.url).port));
      const isTrue = async () => (await established(engine)) === statesOfSs(netns).established;
      await until('the connections of ss', isTrue, PUSHED_MS);
      await population.order({ port: 8080, open: 23, closing: 0 });
      await until('the new ones', isTrue, PUSHED_MS);
      await run.stop();
      serve = undefined;
      // Without a marker they would stay for five minutes.
      await until('the end of the series', async () => (await established(engine)) === undefined, PUSHED_MS);
    });

    it.each(ENGINES)('%s: what was sampled while it was down is there afterwards', async (_, startEngine) => {
      const port = await freePort();
      await population.order({ port: 8080, open: 9, closing: 0 });
      const run = await start(port);
      const pending = async () => {
        const text = await (await fetch(`${run.origin}/metrics`)).text();
        return Number(/^socklens_push_pending_bytes (\d+)/m.exec(text)?.[1] ?? 0);
      };
      await until('something that waits', async () => (await pending()) > 0, PUSHED_MS);
      const downMs = Date.now();
      const notice = async () => {
        const text = await (await fetch(`${run.origin}/metrics`)).text();
        return /socklens_push_samples_total\{result="retried"\} [1-9]/.test(text);
      };
      await until('failed attempts', notice, PUSHED_MS);
      const engine = await startEngine({ again: { port, folder: undefined } });
      await until('all that waited', async () => (await pending()) === 0, 2 * PUSHED_MS);
      const before = encodeURIComponent(`timestamp(socklens_build_info{instance="one"} @ ${downMs / 1000})`);
      await until(
        'a sample from before it was up',
        async () => {
          const answer = (await engine.ask(`/api/v1/query?query=${before}&nocache=1`)) as {
            data: { result: { value: [number, string] }[] };
          };
          return Number(answer.data.result[0]?.value[1] ?? Number.POSITIVE_INFINITY) * 1000 <= downMs;
        },
        PUSHED_MS,
      );
      const isTrue = async () => (await established(engine)) === statesOfSs(netns).established;
      await until('the connections of ss', isTrue, PUSHED_MS);
    });
  },
);
