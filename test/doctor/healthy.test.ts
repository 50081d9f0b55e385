/** Healthy services, with every rule and its default thresholds: no finding needs a fix. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { diagnose } from '../support/doctor.ts';
import { type RunningContainer, TestEngine, testEngine } from '../support/engine.ts';
import { connectNetns, createNetns, nodeProgram, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { nodeContainer } from '../support/recipes/node-container.ts';
import { startPool } from '../support/recipes/pool.ts';
import type { ServicePlan } from '../support/recipes/service.ts';

const engine = testEngine();
const PROGRAM = path.resolve(import.meta.dirname, '../support/recipes/service-main.ts');
const NAME_SERVER = path.resolve(import.meta.dirname, '../support/recipes/nxdomain-main.ts');
const PORT = 8080;
/** Time limit: a minute of observation, and the set-up. */
const TIMEOUT_MS = 180_000;

afterAll(async () => {
  removeAllNetns();
  if (engine instanceof TestEngine) await engine.removeAll();
});

async function start(netns: TestNetns, plan: ServicePlan): Promise<void> {
  const child = netns.spawnNode(PROGRAM, [JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the program has no stdout');
  await once(child.stdout, 'data');
}

/** Expects no finding of `warning` or above; with `--for` shorter than its window a rule is not judged. */
function expectHealthy({ findings, healthy, rules }: Diagnosis): void {
  const loud = findings.filter(({ severity }) => severity !== 'info');
  expect(loud.map(({ rule, scope, summary }) => `${rule} ${scope.name}: ${summary}`)).toEqual([]);
  expect(healthy).toBe(true);
  expect(rules.length).toBeGreaterThanOrEqual(42);
}

/** Two namespaces on one wire. */
function pair(network: number): { left: TestNetns; right: TestNetns; address: string } {
  const [left, right] = [createNetns(), createNetns()];
  const address = `10.78.${network}.1`;
  connectNetns({ netns: left, addresses: [`${address}/24`] }, { netns: right, addresses: [`10.78.${network}.2/24`] });
  return { left, right, address };
}

function established(netns: TestNetns, port: number): number {
  return netns.run('ss', '-tnH', 'state', 'established', `( dport = :${port} )`).split('\n').length - 1;
}

test.concurrent('a web service under load, with a pool of backend connections, for 60 s', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { left, right, address } = pair(1);
  await start(left, { role: 'web', port: 9000 });
  await start(left, { role: 'web', port: PORT, backend: { host: '127.0.0.1', port: 9000, pool: 20 } });
  await start(right, { role: 'load', hosts: [address], port: PORT, workers: 40, thinkMs: 200 });
  await until('the load', () => established(right, PORT) === 40);
  expectHealthy(await diagnose(`netns:${left.name},netns:${right.name}`, { rules: [], for: '60s' }));
});

test.concurrent('a pool of 50 at its cap, more workers than connections', { timeout: TIMEOUT_MS }, async () => {
  const netns = createNetns();
  const phases = [{ workers: 80, ms: 1000, thinkMs: 100 }];
  const pool = await startPool(netns, { port: 3306, maxIdle: 50, maxOpen: 50, holdMs: 200, phases });
  pool.begin();
  await until('the pool at its cap', () => established(netns, 3306) === 50);
  expectHealthy(await diagnose(`netns:${netns.name}`, { rules: [], for: '60s', pools: ['127.0.0.1:3306=50'] }));
});

test.concurrent('an idle service that is checked every second', { timeout: TIMEOUT_MS }, async () => {
  const { left, right, address } = pair(2);
  await start(left, { role: 'web', port: PORT });
  await start(right, { role: 'check', host: address, port: PORT, everyMs: 1000 });
  expectHealthy(await diagnose(`netns:${left.name},netns:${right.name}`, { rules: [], for: '60s' }));
});

test.concurrent('a rolling restart of three containers while their clients come back', {
  timeout: TIMEOUT_MS,
}, async () => {
  if (!(engine instanceof TestEngine)) throw new Error(engine);
  const network = await engine.createNetwork();
  const { IPAM } = (await engine.ask('GET', `/networks/${network}`)) as { IPAM: { Config: { Gateway: string }[] } };
  const gateway = IPAM.Config[0]?.Gateway.replace(/\/.*/, '') ?? '';
  // Docker's DNS server passes on the names of stopped containers, and waits: to one that knows none, as any other would.
  const args = [
    `--net=/proc/${engine.hostPid}/ns/net`,
    '--',
    nodeProgram(),
    '--disable-warning=ExperimentalWarning',
    NAME_SERVER,
    gateway,
  ];
  const nameServer = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(nameServer.stdout, 'data');
  const dns = { Dns: [gateway] };
  const program = (plan: ServicePlan) => {
    const options = nodeContainer(PROGRAM, plan);
    return { ...options, network, hostConfig: { ...options.hostConfig, ...dns } };
  };
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
  const instances: RunningContainer[] = [];
  for (let index = 0; index < 3; index++) {
    instances.push(await engine.run({ ...program({ role: 'web', port: PORT }), labels }));
  }
  const hosts = instances.map(({ name }) => name);
  const clients = await engine.run(program({ role: 'load', hosts, port: PORT, workers: 30, thinkMs: 200 }));
  const target = [...hosts, clients.name].join(',');
  const diagnosis = diagnose(target, { rules: [], for: '40s', env: { DOCKER_HOST: engine.endpoint } });
  for (const { id } of instances) {
    await pause(8000);
    await engine.ask('POST', `/containers/${id}/restart?t=5`);
  }
  expectHealthy(await diagnosis);
  nameServer.stdin.end();
});

/** A deployment takes its time between one instance and the next. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
