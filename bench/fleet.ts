import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { LAUNCHER } from '../test/support/cli.ts';
import { importFleet, type SimulatedHost } from '../test/support/engines/fleet.ts';
import { freePort } from '../test/support/free-port.ts';
import { until } from '../test/support/netns.ts';
import { environment } from './command.ts';
import type { Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';
import { cpuSeconds, start } from './serve.ts';
import { summarise } from './statistics.ts';

/** A fleet in a store: totals of each host, and one gauge of each container. */
const HOSTS = 1000;
const CONTAINERS = 100;

/** Samples of each series go on for so long, milliseconds: measuring takes a while. */
const SAMPLED_MS = 300_000;

/** How long an answer is good, milliseconds: a later one asks the store. */
const FRESH_MS = 5000;
const ROUNDS = 5;

/** A page of all hosts waits at most so long, milliseconds. */
const BAR_MS = 1000;

/** Hosts, containers in trouble: how long the page of a fleet waits for them. */
export async function fleetPage(): Promise<Result[]> {
  const title = `fleet: ${HOSTS} hosts with ${CONTAINERS} containers each`;
  if (spawnSync('sh', ['-c', 'command -v victoria-metrics']).status !== 0)
    return [{ title, why: 'victoria-metrics is not installed (Debian)' }];
  const store = await startStore();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  let serve: ChildProcess | undefined;
  try {
    const series = await fill(store.url);
    const args = ['serve', '--hosts-only', '--store', store.url, '--listen', '127.0.0.1:0', '--data', folder];
    serve = spawn(LAUNCHER, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    serve.stdout?.on('data', (piece: Buffer) => (output += piece));
    const { origin, hash } = new URL(await until('the link', () => /http\S+/.exec(output)?.[0]));
    const authorization = `Bearer ${hash.replace('#token=', '')}`;
    const pid = serve.pid ?? 0;
    const measured = async (what: string) => {
      const before = [cpuSeconds(store.pid), cpuSeconds(pid)];
      const times: number[] = [];
      let bytes = 0;
      for (let round = 0; round <= ROUNDS; round++) {
        const began = performance.now();
        const response = await fetch(`${origin}/api/v1/${what}`, { headers: { authorization } });
        bytes = (await response.arrayBuffer()).byteLength;
        if (!response.ok) throw new Error(`${what}: ${response.status}`);
        times.push(performance.now() - began);
        await seconds(FRESH_MS / 1000 + 0.2);
      }
      const cpuMs = [store.pid, pid].map(
        (one, index) => ((cpuSeconds(one) - (before[index] ?? 0)) * 1000) / times.length,
      );
      const [first = 0, ...others] = times;
      return { first, value: summarise(others).median, most: Math.max(...others), bytes, cpuMs };
    };
    const found = (await (await fetch(`${origin}/api/v1/hosts`, { headers: { authorization } })).json()) as {
      hosts: { status: string }[];
    };
    const live = found.hosts.filter(({ status }) => status === 'live').length;
    if (live !== HOSTS) throw new Error(`${live} hosts instead of ${HOSTS}`);
    const results: Result[] = [];
    for (const what of ['hosts', 'hosts/containers']) {
      const { first, value, most, bytes, cpuMs } = await measured(what);
      results.push({
        title: `${title}: /api/v1/${what}`,
        value,
        unit: 'ms',
        bar: BAR_MS,
        remarks: [
          `first ${first.toFixed(0)} ms, slowest of the ${ROUNDS} others ${most.toFixed(0)} ms, ${(bytes / 1000).toFixed(0)} kB of JSON`,
          `CPU time of an answer: ${cpuMs.map((ms) => ms.toFixed(0)).join(' ms of VictoriaMetrics, ')} ms of serve`,
          `${series} series in VictoriaMetrics (${residentMebibytes(store.pid)} MiB), serve ${residentMebibytes(pid)} MiB`,
        ],
      });
    }
    return results;
  } finally {
    await end(serve);
    await store.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Scrapes of the host that is measured, one a second. */
const SCRAPES = 120;
/** Series of a usual container, at most on average; bytes of a scrape of a hundred, compressed. */
const SERIES_BAR = 26;
const SCRAPE_BAR_KB = 40;

/** What a host of a hundred containers is for a store: series, bytes of a scrape and of a sample, memory. */
export async function fleetHost(): Promise<Result[]> {
  const title = `fleet: one host with ${CONTAINERS} namespaces of 50 sockets, ten of them with 200 connections a second`;
  if (spawnSync('sh', ['-c', 'command -v victoria-metrics']).status !== 0)
    return [{ title, why: 'victoria-metrics is not installed (Debian)' }];
  const results: Result[] = [];
  const skipped = await withProgram('crowd', title, async (program) => {
    const crowds = await makeCrowds(program, CONTAINERS, 10, 200, 25);
    const run = await start(crowds);
    const store = await startStore(new URL(run.origin).host);
    try {
      const scrapes = () => ask(store.url, 'count_over_time(socklens_build_info[1d])');
      await until('scrapes', async () => (await scrapes()) >= SCRAPES, SCRAPES * 5000);
      const text = await (await fetch(`${run.origin}/metrics`)).text();
      const zipped = zlib.gzipSync(text, { level: 1 }).length;
      const [all, ofContainers] = [
        await ask(store.url, 'count({job="socklens"})'),
        await ask(store.url, 'count({__name__=~"socklens_(container_.*|problems)"})'),
      ];
      const samples = await ask(store.url, 'sum(count_over_time({job="socklens"}[1d]))');
      const resident = residentMebibytes(store.pid);
      await fetch(`${store.url}/internal/force_flush`);
      await fetch(`${store.url}/internal/force_merge`);
      const size = Number(
        execFileSync('du', ['-sb', path.join(store.folder, 'data/data')], { encoding: 'utf8' }).split('\t')[0],
      );
      results.push({
        title: `${title}: series of a container`,
        value: ofContainers / CONTAINERS,
        unit: 'series',
        bar: SERIES_BAR,
        remarks: [`${all} series of the host in all`],
      });
      results.push({
        title: `${title}: a scrape, compressed`,
        value: zipped / 1000,
        unit: 'kB',
        bar: SCRAPE_BAR_KB,
        remarks: [
          `${(text.length / 1000).toFixed(0)} kB of text`,
          `${samples} samples in ${(size / 1e6).toFixed(2)} MB of VictoriaMetrics: ${(size / samples).toFixed(2)} bytes each; its memory is ${resident} MiB`,
        ],
      });
    } finally {
      await store.stop();
      await run.stop();
      crowds.remove();
    }
    return { title, why: 'measured' };
  });
  return results.length > 0 ? results : [skipped];
}

/** A VictoriaMetrics of Debian with its own settings. @param target that it scrapes every second; undefined for none */
async function startStore(target?: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const port = await freePort();
  const file = path.join(folder, 'scrape.yml');
  const job = `  - job_name: socklens\n    static_configs: [{targets: ["${target}"]}]\n`;
  fs.writeFileSync(file, `global:\n  scrape_interval: 1s\nscrape_configs:\n${job}`);
  const args = [
    `-storageDataPath=${path.join(folder, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    ...(target === undefined ? [] : [`-promscrape.config=${file}`]),
  ];
  const child = spawn('victoria-metrics', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('VictoriaMetrics', isReady);
  return {
    url,
    folder,
    pid: child.pid ?? 0,
    async stop() {
      await end(child);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Hosts of which one in fifty is in trouble. @returns how many series */
async function fill(url: string): Promise<number> {
  const containers = Array.from({ length: CONTAINERS }, (_, index) => `web-${index}`);
  const hosts = Array.from({ length: HOSTS }, (_, host): SimulatedHost => {
    const isBad = host % 50 === 0;
    const closeWait = (_name: string, index: number) => (isBad && index === 7 ? 400 : index % 5);
    return {
      ...{ name: `host-${host}`, containers, closeWait, critical: Number(isBad), fullest: isBad ? 0.95 : 0.1 },
      ...(isBad && { problems: { 'web-7': { rule: 'CLOSE_WAIT_LEAK', severity: 'critical' } } }),
    };
  });
  const series = await importFleet(url, hosts, SAMPLED_MS);
  await until('the last host', async () => (await ask(url, 'count(socklens_instance_info)')) === HOSTS);
  return series;
}

/** The value of an expression; 0 for none. */
async function ask(url: string, expression: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?nocache=1&query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(answer.data.result[0]?.value[1] ?? 0);
}

function residentMebibytes(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
