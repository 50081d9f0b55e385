/**
 * Three `serve`s in network namespaces as three hosts: two are scraped, as `/sd` of the page of hosts tells the engine, one
 * pushes. A page of all of them over VictoriaMetrics and one over Prometheus; Chromium shows the first.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetHost, HostsAnswer } from '../../../src/serve/protocol/hosts.ts';
import { type MetricsEngine, startPrometheus, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { statesOfSs } from '../../support/engines/states.ts';
import { enterNetns } from '../../support/enter-netns.ts';
import { freePort } from '../../support/free-port.ts';
import { connectNetns, createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** Scraped and pushed every second, and asked every five, beside all else that a machine does. */
const SEEN_MS = 120_000;
/** A host is silent after two minutes. */
const SILENT_MS = 120_000;

/** A machine: a network and a name of its own. */
interface Machine {
  name: string;
  netns: TestNetns;
  address: string;
  population: Population;
}

describe.skipIf(WHY_NO_ENGINES !== '')(
  `hosts in engines${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: SILENT_MS + 4 * SEEN_MS },
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-hosts-'));
    /** Names of machines that no other run of this test has. */
    const nameOf = (letter: string) => `host-${letter}-${process.pid}`;
    let hub: TestNetns;
    const machines: Machine[] = [];
    const runs: ServeRun[] = [];
    let pages: readonly (readonly [engine: string, page: ServeRun])[] = [];
    let victoria: MetricsEngine;

    const machine = (index: number): Machine => {
      const found = machines[index];
      if (found === undefined) throw new Error(`no machine ${index}`);
      return found;
    };

    /** Starts `serve` on a machine; it sees that machine's namespace alone. */
    async function serveOn({ name, netns, address }: Machine, args: readonly string[]): Promise<ServeRun> {
      const named = ['unshare', '--uts', '--', 'sh', '-c', 'hostname "$0" && exec "$@"', name];
      const within = ['nsenter', `--net=${netns.path}`, '--', ...named];
      const run = await startServe([`netns:${netns.name}`, ...args], { within, address });
      runs.push(run);
      return run;
    }

    async function hostsOf(page: ServeRun): Promise<readonly FleetHost[]> {
      return ((await page.ask('hosts')) as HostsAnswer).hosts;
    }

    /** The row of a machine, once it is as wanted. */
    function row(page: ServeRun, name: string, isWanted: (host: FleetHost) => boolean, timeoutMs = SEEN_MS) {
      return until(
        `${name} on the page`,
        async () => (await hostsOf(page)).find((host) => host.host === name && isWanted(host)),
        timeoutMs,
      );
    }

    beforeAll(async () => {
      // Engines, the page and the browser are made in the network that reaches all machines.
      hub = createNetns();
      for (const [index, letter] of ['a', 'b', 'c'].entries()) {
        const netns = createNetns();
        const address = `10.201.${index}.2`;
        connectNetns(
          { netns: hub, device: `to-${letter}`, addresses: [`10.201.${index}.1/24`] },
          { netns, addresses: [`${address}/24`] },
        );
        const population = await populate(netns);
        await population.order({ port: 8080, open: 5 + 3 * index, closing: index });
        machines.push({ name: nameOf(letter), netns, address, population });
      }
      enterNetns(hub.path);
      const scraped = [0, 1].map((index) => `${machine(index).address}:9477`);
      const config = path.join(folder, 'hosts.toml');
      fs.writeFileSync(config, `[serve]\nhosts = ${JSON.stringify([...scraped, '10.201.0.77:9477'])}\n`);
      const rules = path.join(folder, 'rules.yml');
      fs.writeFileSync(
        rules,
        `groups:
  - name: test
    rules:
      - alert: SomethingListens
        expr: sum by (instance, job) (socklens_host_sockets{state="listen",instance="${scraped[0]}"}) > 0
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.instance }} listens"}
`,
      );
      for (const name of ['VictoriaMetrics', 'Prometheus'] as const) {
        const port = await freePort();
        // The page is there before its store.
        const page = await startServe(['--hosts-only', `--store=http://127.0.0.1:${port}`, `--config=${config}`]);
        runs.push(page);
        const jobs = `  - job_name: socklens
    http_sd_configs: [{url: "${page.origin}/sd"${name === 'Prometheus' ? ', refresh_interval: 1s' : ''}}]
`;
        const options = { jobs, again: { port, folder: undefined } };
        if (name === 'Prometheus') await startPrometheus({ ...options, rules });
        else victoria = await startVictoriaMetrics({ ...options, address: '0.0.0.0' });
        pages = [...pages, [name, page]];
      }
      for (const index of [0, 1]) {
        const { address } = machine(index);
        await serveOn(machine(index), [`--metrics-listen=${address}:9477`, '--metrics-open']);
      }
      const url = `http://10.201.2.1:${new URL(victoria.url).port}/api/v1/write`;
      await serveOn(machine(2), [`--push=${url}`, '--push-interval=1s']);
    }, 600_000);
    afterAll(async () => {
      await closeBrowser();
      for (const run of runs) await run.stop();
      await removeEngines();
      removeAllNetns();
      fs.rmSync(folder, { recursive: true, force: true });
    }, 300_000);

    /** TCP sockets of a machine that `ss` counts, those in TIME_WAIT left out. */
    const openOf = ({ netns }: Machine): number =>
      Object.entries(statesOfSs(netns))
        .filter(([state]) => state !== 'time_wait')
        .reduce((sum, [, count]) => sum + count, 0);

    it('has a row for each host, with the sockets that ss counts; one that is only configured is there too', async () => {
      for (const [engine, page] of pages) {
        const seen = engine === 'Prometheus' ? [0, 1] : [0, 1, 2];
        for (const index of seen) {
          const wanted = machine(index);
          // The scraper itself is connected to a host that it scrapes: ss and socklens are asked anew until they agree.
          const host = await row(page, wanted.name, ({ open }) => open === openOf(wanted));
          expect(host).toMatchObject({
            status: 'live',
            job: 'socklens',
            closeWait: statesOfSs(wanted.netns).close_wait ?? 0,
          });
          expect(host.url).toMatch(`http://${wanted.address}:`);
        }
        const missing = (await hostsOf(page)).filter(({ status }) => status === 'unknown');
        expect(missing.map(({ instance }) => instance)).toEqual(['10.201.0.77:9477']);
      }
    });

    it('has the containers of a host, and those in trouble of all', async () => {
      for (const [, page] of pages) {
        const { id } = await row(page, machine(1).name, ({ closeWait }) => closeWait === 1);
        const name = `netns:${machine(1).netns.name}`;
        await until(
          'the namespace of the host',
          async () => {
            const { containers } = (await page.ask(`hosts/containers?host=${encodeURIComponent(id)}`)) as {
              containers: { name: string; closeWait?: number }[];
            };
            return containers.length === 1 && containers[0]?.name === name && containers[0].closeWait === 1;
          },
          SEEN_MS,
        );
        await until(
          'it among those in trouble',
          async () => {
            const { containers } = (await page.ask('hosts/containers')) as { containers: { name: string }[] };
            return containers.some((one) => one.name === name);
          },
          SEEN_MS,
        );
      }
    });

    it('has peers by name', async () => {
      for (const [, page] of pages) {
        // What is called localhost is another machine on each host.
        const { peers } = (await page.ask('hosts/peers')) as { peers: { peer: string }[] };
        expect(peers.map(({ peer }) => peer)).not.toContain('localhost');
        await until(
          'the peer that is asked for',
          async () => {
            const asked = (await page.ask('hosts/peers?name=LOCALHOS')) as { peers: unknown[] };
            return asked.peers.length === 0;
          },
          SEEN_MS,
        );
      }
    });

    it('has the alerts of the rules of Prometheus, and the series of those that vmalert would write', async () => {
      const instance = `${machine(0).address}:9477`;
      const labels = `alertname="Pretended",alertstate="firing",severity="critical",instance="${instance}",job="socklens"`;
      for (const [engine, page] of pages) {
        const wanted = engine === 'Prometheus' ? 'SomethingListens' : 'Pretended';
        const alert = await until(
          `the alert ${wanted}`,
          async () => {
            if (engine === 'VictoriaMetrics')
              await fetch(`${victoria.url}/api/v1/import/prometheus`, {
                method: 'POST',
                body: `ALERTS{${labels}} 1\n`,
              });
            const { alerts } = (await page.ask('hosts')) as HostsAnswer;
            return alerts.find(({ name, state }) => name === wanted && state === 'firing');
          },
          SEEN_MS,
        );
        expect(alert).toMatchObject({ instance, severity: engine === 'Prometheus' ? 'warning' : 'critical' });
        if (engine === 'Prometheus') expect(alert.summary).toBe(`${instance} listens`);
      }
    });

    it('says that two serves push under one name', async () => {
      const [, page] = pages[0] ?? [];
      if (page === undefined) throw new Error('no page');
      const second = machine(2);
      const url = `http://10.201.2.1:${new URL(victoria.url).port}/api/v1/write`;
      const other = await serveOn(second, [`--push=${url}`, '--push-interval=1s']);
      const isTold = ({ notes: [first = ''] }: FleetHost) =>
        first.startsWith(`2 serves have the instance ${second.name}`);
      const host = await row(page, second.name, isTold, SILENT_MS + SEEN_MS);
      expect(host.notes[0]).toMatch('--push-as');
      await other.stop();
      await row(page, second.name, ({ notes, status }) => notes.length === 0 && status === 'live', SILENT_MS + SEEN_MS);
    });

    it('a host that ended is silent, in Chromium too, and not gone', async () => {
      const [, page] = pages[0] ?? [];
      if (page === undefined) throw new Error('no page');
      const { page: tab, faults } = await openTab(page.link);
      const lineOf = ({ name }: Machine) => tab.locator('tr[data-row]', { hasText: name });
      for (const one of machines) await lineOf(one).waitFor({ timeout: SEEN_MS });
      const links = await tab
        .locator('a[aria-label^="Open the page of"]')
        .evaluateAll((all) => all.map((link) => (link as { href?: string }).href ?? ''));
      expect(links.map((link) => new URL(link).hostname).sort()).toEqual(machines.map(({ address }) => address).sort());
      const [, gone] = machines;
      const run = runs.find(({ origin }) => gone !== undefined && new URL(origin).hostname === gone.address);
      if (gone === undefined || run === undefined) throw new Error('the host that is to end is missing');
      const endedMs = Date.now();
      await run.stop('SIGKILL');
      for (const [, one] of pages) {
        const host = await row(one, gone.name, ({ status }) => status === 'silent', SILENT_MS + SEEN_MS);
        // To the minute, and not after it ended.
        expect(host.lastSeenMs ?? 0).toBeLessThanOrEqual(endedMs + 1000);
        expect(host.lastSeenMs ?? 0).toBeGreaterThan(endedMs - 180_000);
      }
      await lineOf(gone)
        .getByText(/^silent for/)
        .waitFor({ timeout: SEEN_MS });
      // The others go on.
      for (const one of machines.filter((other) => other !== gone))
        expect((await hostsOf(page)).find(({ host }) => host === one.name)?.status).toBe('live');
      expect(faults).toEqual([]);
    });
  },
);
