/** `serve --store`: the past of a real `serve` that is over, from a real Prometheus and a real VictoriaMetrics, as the page shows it. */
import os from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryAnswer } from '../../../src/serve/protocol/history.ts';
import { startPrometheus, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { statesOfSs } from '../../support/engines/states.ts';
import { freePort } from '../../support/free-port.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab } from '../../support/page/browser.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** An engine scrapes every second, beside all else that a machine does. */
const SCRAPED_MS = 120_000;

/** Numbers hold for so long, so that points of some seconds lie within. */
const HELD_MS = 20_000;

/** Ticks and scrapes may be late by so much. */
const LATE_MS = 5000;

const SERIES = [
  'open',
  'state.ESTABLISHED',
  'state.CLOSE_WAIT',
  'descriptors',
  'peer.out 127.0.0.1:8080',
  'peer.in *:8080',
];

/** A time in which nothing changed, and what `ss` counted then. */
interface Calm {
  fromMs: number;
  toMs: number;
  states: Record<string, number>;
}

describe.skipIf(WHY_NO_ENGINES !== '')(
  `the past from engines${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 5 * SCRAPED_MS },
  () => {
    let netns: TestNetns;
    let name: string;
    let later: ServeRun | undefined;
    let port: number;
    const urls = new Map<string, string>();
    const calm: Calm[] = [];
    /** What the first `serve` has kept of it itself. */
    let kept: HistoryAnswer;

    beforeAll(async () => {
      netns = createNetns();
      name = `netns:${netns.name}`;
      const population = await populate(netns);
      port = await freePort();
      const first = await startServe([name], { port });
      const jobs = `  - job_name: socklens\n    static_configs: [{targets: ["127.0.0.1:${port}"]}]\n`;
      const prometheus = await startPrometheus({ jobs });
      const victoria = await startVictoriaMetrics({ jobs });
      urls.set('Prometheus', prometheus.url);
      urls.set('VictoriaMetrics', victoria.url);
      for (const numbers of [
        { port: 8080, open: 20, closing: 0 },
        { port: 8080, open: 33, closing: 8 },
        { port: 8080, open: 6, closing: 2 },
      ]) {
        await population.order(numbers);
        const states = statesOfSs(netns);
        const at = `socklens_container_sockets{container="${name}",state="established"}`;
        const fromMs = Date.now();
        for (const engine of [prometheus, victoria])
          await until(
            'the connections',
            async () => (await engine.query(at))[0]?.value === states.established,
            SCRAPED_MS,
          );
        const isHeld = async () => {
          const points = await valuesOf(first, 'state.ESTABLISHED', fromMs, Date.now());
          return points.filter((value) => value === states.established).length >= HELD_MS / 1000;
        };
        await until('that they were there for a while', isHeld, SCRAPED_MS);
        calm.push({ fromMs: fromMs + LATE_MS, toMs: Date.now(), states });
      }
      kept = await historyOf(first, (calm[0]?.fromMs ?? 0) - 60_000, Date.now(), 600);
      await first.stop();
    }, 5 * SCRAPED_MS);

    afterEach(async () => {
      await closeBrowser();
      await later?.stop();
      later = undefined;
    }, 120_000);
    afterAll(async () => {
      await removeEngines();
      removeAllNetns();
    }, 120_000);

    function historyOf(serve: ServeRun, fromMs: number, toMs: number, points: number): Promise<HistoryAnswer> {
      const range = `from=${Math.floor(fromMs)}&to=${Math.ceil(toMs)}&points=${points}`;
      return serve.ask(`history?container=${encodeURIComponent(name)}&${range}`) as Promise<HistoryAnswer>;
    }

    /** As {@link historyOf}, once the store has answered: a machine may be so busy that it is given up at first. */
    function fromStore(serve: ServeRun, fromMs: number, toMs: number, points: number): Promise<HistoryAnswer> {
      const asked = async () => {
        const answer = await historyOf(serve, fromMs, toMs, points);
        return answer.retryMs === undefined && answer;
      };
      return until('an answer of the store', asked, SCRAPED_MS);
    }

    async function valuesOf(serve: ServeRun, series: string, fromMs: number, toMs: number) {
      const answer = await historyOf(serve, fromMs, toMs, 600);
      return answer.containers[0]?.columns.find((column) => column.name === series)?.mean ?? [];
    }

    /** Values of a series whose points lie within a time. */
    function within(answer: HistoryAnswer, series: string, { fromMs, toMs }: Calm): number[] {
      const { firstMs, stepMs, containers } = answer;
      const column = containers[0]?.columns.find((one) => one.name === series);
      return (column?.mean ?? []).filter((value, point): value is number => {
        const atMs = firstMs + point * stepMs;
        return value !== null && atMs - stepMs >= fromMs && atMs + stepMs <= toMs;
      });
    }

    /** A `serve` that knows nothing of that time itself. */
    async function startLater(engine: string, more: readonly string[] = []): Promise<ServeRun> {
      later = await startServe([name, `--store=${urls.get(engine)}`, ...more]);
      return later;
    }

    it.each(['Prometheus', 'VictoriaMetrics'])('%s has what ss counted, and what serve had kept', async (engine) => {
      const serve = await startLater(engine);
      const [first, , last] = calm as [Calm, Calm, Calm];
      const answer = await fromStore(serve, first.fromMs, last.toMs, 600);
      expect(answer.notes?.[0]).toMatch(
        new RegExp(
          `^read from the store ${new URL(urls.get(engine) ?? '').host}, where this host is 127.0.0.1:${port}: `,
        ),
      );
      for (const one of calm) {
        const { established = 0, close_wait: closeWait = 0 } = one.states;
        expect([engine, ...new Set(within(answer, 'state.ESTABLISHED', one))]).toEqual([engine, established]);
        expect(within(answer, 'state.CLOSE_WAIT', one).filter((value) => value !== closeWait)).toEqual([]);
        for (const series of SERIES) {
          const own = new Set(within(kept, series, one));
          // Where this host's own numbers changed, nothing is equal.
          if (own.size !== 1) continue;
          expect([series, ...new Set(within(answer, series, one))]).toEqual([series, ...own]);
        }
      }
      // At a coarse step no peak is lost.
      const coarse = await fromStore(serve, first.fromMs - 600_000, last.toMs, 3);
      const column = coarse.containers[0]?.columns.find((one) => one.name === 'state.ESTABLISHED');
      const peak = Math.max(...calm.map(({ states }) => states.established ?? 0));
      expect(Math.max(...(column?.max ?? column?.mean ?? []).map((value) => value ?? 0))).toBe(peak);
    });

    it.each(['Prometheus', 'VictoriaMetrics'])('%s: the page of a container draws it', async (engine) => {
      const serve = await startLater(engine, [`--store-as=127.0.0.1:${port}`]);
      const [, middle] = calm as [Calm, Calm, Calm];
      const tab = await openTab(serve.link);
      await tab.page.locator('tr[data-row]').first().waitFor({ timeout: SCRAPED_MS });
      const time = `from=${Math.floor(middle.fromMs / 1000) - 5}&to=${Math.ceil(middle.toMs / 1000)}`;
      await tab.page.evaluate(`location.hash = ${JSON.stringify(`#/c/${encodeURIComponent(name)}?${time}`)}`);
      const source = `Read from the store ${new URL(urls.get(engine) ?? '').host}, where this host is 127.0.0.1:${port}`;
      // Nothing is waited for here: a busy machine takes long to draw.
      const told = async () => (await tab.page.locator('.sources').allTextContents()).join('\n');
      const isRead = async () => /^Read from/.test(await told());
      await until('an answer of the store', isRead, SCRAPED_MS).catch(async (error: Error) => {
        throw new Error(`${error.message}; the page said: ${await told()}`);
      });
      expect(await told()).toContain(source);
      expect(await told()).toContain('The store has no metric of idle connections');
      await tab.page.keyboard.press('t');
      const table = tab.page.getByRole('table', { name: /Open sockets/ });
      await until('the table', async () => (await table.count()) === 1, SCRAPED_MS);
      await until(
        'its numbers',
        async () => (await table.textContent())?.includes(String(middle.states.established)),
        SCRAPED_MS,
      );
      // A pool of that time, whose connections are others now.
      const pools = tab.page.locator('section.strip[aria-label^="Pool to localhost"]');
      await until('its pool', async () => (await pools.count()) === 1, SCRAPED_MS);
      expect(await axeViolations(tab.page)).toEqual([]);
      expect(tab.faults).toEqual([]);
    });

    it('an engine that ends: the page says so in words, and has what this host keeps', async () => {
      const engine = await startVictoriaMetrics({});
      urls.set('ending', engine.url);
      const serve = await startLater('ending');
      const { host } = new URL(engine.url);
      const isKnown = async () =>
        (await historyOf(serve, Date.now() - 3_600_000, Date.now(), 60)).notes?.includes(
          `the store ${host} has no samples of the host ${os.hostname()} in this time`,
        );
      await until('that it has nothing', isKnown, SCRAPED_MS);
      await engine.stop();
      const words = `the store ${host} does not answer: connection refused`;
      const isTold = async () =>
        (await historyOf(serve, Date.now() - 3_600_000, Date.now(), 60)).notes?.some((note) => note.startsWith(words));
      await until('that it is down', isTold, SCRAPED_MS);
      const tab = await openTab(serve.link);
      await until(
        'the notice',
        async () => (await tab.page.getByRole('status').allTextContents()).join('\n').includes(words),
        SCRAPED_MS,
      );
      const own = await historyOf(serve, Date.now() - 60_000, Date.now(), 60);
      expect(own.containers[0]?.columns.some((column) => column.name === 'open')).toBe(true);
    });
  },
);
