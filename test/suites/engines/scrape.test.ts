/** A real Prometheus and a real VictoriaMetrics scrape a real `serve`: its numbers against `ss` and `/proc`. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socklens } from '../../support/cli.ts';
import { type MetricsEngine, startPrometheus, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { statesOfSs } from '../../support/engines/states.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** An engine scrapes every second, beside all else that a machine does. */
const SCRAPED_MS = 120_000;

describe.skipIf(WHY_NO_ENGINES !== '')(
  `metrics in engines${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 4 * SCRAPED_MS },
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-scrape-'));
    let netns: TestNetns;
    let population: Population;
    let serve: ServeRun;
    let engines: readonly (readonly [string, MetricsEngine])[];

    beforeAll(async () => {
      netns = createNetns();
      population = await populate(netns);
      await population.order({ port: 8080, open: 20, closing: 5 });
      const tokenFile = path.join(folder, 'metrics.token');
      serve = await startServe([
        `netns:${netns.name}`,
        '--metrics-listen=127.0.0.1:0',
        `--metrics-token-file=${tokenFile}`,
        '--metrics-histograms',
      ]);
      const own = await until('the listener of metrics', () => /metrics: (http\S+)/.exec(serve.output())?.[1]);
      const target = new URL(own).host;
      const jobs = `  - job_name: socklens
    honor_labels: true
    authorization: {credentials_file: "${tokenFile}"}
    static_configs: [{targets: ["${target}"]}]
`;
      engines = [
        ['Prometheus', await startPrometheus({ jobs })],
        ['VictoriaMetrics', await startVictoriaMetrics({ jobs })],
      ];
    }, 180_000);

    afterAll(async () => {
      await serve?.stop();
      await removeEngines();
      removeAllNetns();
      fs.rmSync(folder, { recursive: true, force: true });
    });

    /** States in an engine, those that are there. */
    async function statesIn(engine: MetricsEngine): Promise<Record<string, number>> {
      const series = await engine.query(
        `socklens_container_sockets{container="netns:${netns.name}",protocol="tcp"} > 0`,
      );
      return Object.fromEntries(series.map(({ metric, value }) => [metric.state, value]));
    }

    it('has the sockets that ss counts, and follows them', async () => {
      for (const numbers of [
        { port: 8080, open: 20, closing: 5 },
        { port: 8080, open: 33, closing: 8 },
      ]) {
        await population.order(numbers);
        for (const [name, engine] of engines)
          await until(
            `the states of ss in ${name}`,
            async () => JSON.stringify(sorted(await statesIn(engine))) === JSON.stringify(sorted(statesOfSs(netns))),
            SCRAPED_MS,
          );
      }
      expect(sorted(statesOfSs(netns))).toMatchObject({ close_wait: 8, fin_wait_2: 8 });
    });

    it('has the descriptors of /proc, the peer, the port, and the sums of the host', async () => {
      const at = `{container="netns:${netns.name}"}`;
      await population.order({ port: 8080, open: 12, closing: 0 });
      const descriptors = () => fs.readdirSync(`/proc/${population.pid}/fd`).length;
      const outbound = () =>
        countLines(netns.run('ss', '-tnH', 'state', 'connected', 'exclude', 'time-wait', 'dport', '=', ':8080'));
      for (const [name, engine] of engines) {
        const value = async (expression: string) => (await engine.query(expression))[0]?.value;
        await until(
          `descriptors in ${name}`,
          async () => (await value(`socklens_container_fullest_process_fds${at}`)) === descriptors(),
          SCRAPED_MS,
        );
        const peer = `socklens_container_peer_connections{container="netns:${netns.name}",peer="localhost",peer_port="8080"}`;
        await until(`the peer in ${name}`, async () => (await value(peer)) === outbound(), SCRAPED_MS);
        expect(await value(`socklens_container_listener_queue{container="netns:${netns.name}",port="8080"}`)).toBe(0);
        await until(
          `sums in ${name}`,
          async () => (await value('socklens_host_sockets{state="established"}')) === statesOfSs(netns).established,
          SCRAPED_MS,
        );
        expect(await value('up{job="socklens"}')).toBe(1);
        expect((await engine.query('socklens_instance_info'))[0]?.metric).toMatchObject({
          host: os.hostname(),
          url: serve.origin,
        });
      }
    });

    it('counts what opens and closes as the kernel does', async () => {
      const opened = () => Number(/^TcpActiveOpens\s+(\d+)/m.exec(netns.run('nstat', '-az', 'TcpActiveOpens'))?.[1]);
      await population.order({ port: 8080, open: 40, closing: 0 });
      await population.order({ port: 8080, open: 4, closing: 0 });
      for (const [name, engine] of engines) {
        const value = async (metric: string, more: string) =>
          (await engine.query(`${metric}{container="netns:${netns.name}",${more}}`))[0]?.value;
        await until(
          `opened connections in ${name}`,
          async () => (await value('socklens_container_connections_opened_total', 'direction="outbound"')) === opened(),
          SCRAPED_MS,
        );
      }
    });

    it('is clean for promtool, from serve and from `socklens metrics`, which says the same', async () => {
      const socketsOf = (text: string) =>
        text
          .split('\n')
          .filter((line) => /^socklens_container_sockets.* [1-9]/.test(line))
          .sort();
      const authorization = `Bearer ${serve.token}`;
      // Connections end between the two, now and then.
      const [served, once] = await until(
        'the same sockets',
        async () => {
          const text = await (await fetch(`${serve.origin}/metrics`, { headers: { authorization } })).text();
          const { stdout } = socklens(['metrics', `netns:${netns.name}`]);
          return socketsOf(text).join('\n') === socketsOf(stdout).join('\n') && ([text, stdout] as const);
        },
        SCRAPED_MS,
      );
      for (const text of [served, once]) {
        const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], {
          input: text,
          encoding: 'utf8',
        });
        expect([status, stderr, stdout]).toEqual([0, '', '']);
      }
      expect(once).not.toMatch(
        /^(socklens_problems|socklens_host_problems|process_|socklens_container_connections_closed)/m,
      );
    });

    it('is refused without the token', async () => {
      expect((await fetch(`${serve.origin}/metrics`)).status).toBe(401);
    });
  },
);

function countLines(text: string): number {
  return text.split('\n').filter((line) => line !== '').length;
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
