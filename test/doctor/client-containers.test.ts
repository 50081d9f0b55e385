/** Rules about containers: published ports, instances of a service, several that share a database. */
import { execFileSync } from 'node:child_process';
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { type RunningContainer, TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { inside } from '../support/recipes/inside.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const engine = testEngine();
const workshops: Workshop[] = [];

afterEach(async () => {
  for (const workshop of workshops.splice(0)) await workshop.stop();
  if (engine instanceof TestEngine) await engine.removeAll();
});

function docker(): TestEngine {
  if (!(engine instanceof TestEngine)) throw new Error(engine);
  return engine;
}

async function workshopIn(container: RunningContainer): Promise<Workshop> {
  const workshop = await Workshop.start(inside(container));
  workshops.push(workshop);
  return workshop;
}

async function addressOf({ id }: RunningContainer): Promise<string> {
  const { NetworkSettings } = (await docker().ask('GET', `/containers/${id}/json`)) as {
    NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  };
  return Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
}

async function diagnosed(
  containers: readonly RunningContainer[],
  rule: string,
  more: Parameters<typeof diagnose>[1] = {},
) {
  const target = containers.map(({ name }) => name).join(',');
  const env = { DOCKER_HOST: docker().endpoint };
  return (await diagnose(target, { rules: [rule], env, for: '3s', ...more })).findings;
}

/** A web server in a container with a published port, at this address inside. */
async function published(address: string) {
  const web = await docker().run({
    script: `exec busybox httpd -f -p ${address}:8080`,
    publish: { '8080/tcp': 0 },
  });
  await until('the listener', () =>
    execFileSync('nsenter', [`--net=/proc/${web.pid}/ns/net`, 'ss', '-tlnH', 'sport = :8080'], { encoding: 'utf8' }),
  );
  return diagnosed([web], 'LOOPBACK_LISTENER');
}

prove({
  rule: 'LOOPBACK_LISTENER',
  how: 'docker: port 8080 published, the server listens at 127.0.0.1 inside',
  lookAlike: 'the same at 0.0.0.0',
  timeoutMs: 120_000,
  fault: () => published('127.0.0.1'),
  healthy: () => published('0.0.0.0'),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', confidence: 'high', about: 'port 8080' }),
});

/** A client with so many connections to each of three instances of one compose service. */
async function balanced(counts: readonly [number, number, number]) {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
  const client = await docker().run();
  const connecting = await workshopIn(client);
  for (const count of counts) {
    const api = await docker().run({ labels });
    const listener = await (await workshopIn(api)).tcpListener(await addressOf(api), 8080);
    for (let made = 0; made < count; made++) {
      await connecting.connect(await connecting.socket(AF.INET, SOCK.STREAM), listener);
    }
  }
  return diagnosed([client], 'BACKEND_IMBALANCE');
}

prove({
  rule: 'BACKEND_IMBALANCE',
  how: 'docker: a client with 30, 4 and 2 connections to three instances of one compose service',
  lookAlike: 'the same client with 12, 12 and 12',
  timeoutMs: 120_000,
  fault: () => balanced([30, 4, 2]),
  healthy: () => balanced([12, 12, 12]),
  check: (finding) => expect(finding).toMatchObject({ severity: 'warning', about: 'port 8080' }),
});

/** Two containers with ten connections each to a database in a third, whose pools have this cap. */
async function sharing(cap: number) {
  const db = await docker().run();
  const listener = await (await workshopIn(db)).tcpListener(await addressOf(db), 3306);
  const services: RunningContainer[] = [];
  for (let index = 0; index < 2; index++) {
    const service = await docker().run();
    const client = await workshopIn(service);
    for (let made = 0; made < 10; made++) await client.connect(await client.socket(AF.INET, SOCK.STREAM), listener);
    services.push(service);
  }
  return diagnosed([...services, db], 'POOL_ARITHMETIC', {
    pools: [`${db.name}:3306=${cap}`],
    serverLimits: [`${db.name}:3306=151`],
  });
}

prove({
  rule: 'POOL_ARITHMETIC',
  how: 'docker: two containers with a cap of 100 each on a database that takes 151',
  lookAlike: 'the same two with a cap of 50',
  timeoutMs: 120_000,
  fault: () => sharing(100),
  healthy: () => sharing(50),
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'high' });
    expect(finding.summary).toContain('may open 200 connections');
    // floor(151 x 0.9 / 2)
    expect(finding.evidence.find(({ what }) => what.startsWith('cap with'))?.value).toBe(67);
  },
});
