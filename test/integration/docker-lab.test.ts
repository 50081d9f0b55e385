/** The founding incident in containers, with a real MariaDB, a real driver and a real balancer. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fittingCap, planIncident } from '../../src/act/lab/plan.ts';
import { type Load, startLoad } from '../../src/act/lab/start-load.ts';
import type { LoadPlan } from '../../src/model/load-report.ts';
import { type DockerLab, type DockerLabOptions, dockerLabMissing, startDockerLab } from '../support/docker-lab.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();
const missing = typeof engine === 'string' ? engine : dockerLabMissing();

if (typeof engine === 'string' || missing !== undefined) {
  test.skip(`docker: ${missing}`, () => {
    throw new Error(missing);
  });
} else describe('docker: the lab in containers', () => describeLab(engine));

const MAX_CONNECTIONS = 151;
const MAX_IDLE = 50;
const INCIDENT: DockerLabOptions = {
  ...{ maxIdle: MAX_IDLE, connectionLimit: 10_000, nofile: 1024, maxConnections: MAX_CONNECTIONS, queryMs: 50 },
};

function describeLab(docker: TestEngine): void {
  let lab: DockerLab;
  let load: Load;
  let plan: LoadPlan;
  /** The most that `ss` showed of one receiver, and the most descriptors. */
  let most: { toDatabase: number; descriptors: number };

  async function start(options: Partial<DockerLabOptions> = {}): Promise<void> {
    lab = await startDockerLab(docker, { ...INCIDENT, ...options });
    load = await startLoad(lab.balancerAddress);
    most = { toDatabase: 0, descriptors: 0 };
  }

  const established = (pid: number) => {
    const inside = ['-t', String(pid), '-n', 'ss', '-tnH', 'state', 'established', 'dport', '=', ':3306'];
    return execFileSync('nsenter', inside, { encoding: 'utf8' }).split('\n').filter(Boolean).length;
  };

  function look(): void {
    for (const { pid } of lab.receivers) {
      most.toDatabase = Math.max(most.toDatabase, established(pid));
      most.descriptors = Math.max(most.descriptors, fs.readdirSync(`/proc/${pid}/fd`).length);
    }
  }

  beforeAll(async () => {
    await start();
    const capacity = await load.calibrate(2000);
    plan = planIncident({ capacity, maxConnections: MAX_CONNECTIONS, nofile: 1024, workers: 1 }).load;
    await load.stop();
    await lab.remove();
  }, 120_000);
  afterEach(async () => {
    await load.stop();
    await lab.remove();
  });
  afterAll(() => docker.removeAll());

  test('the fault: error 1040 from MariaDB, and the idle cap as a floor', { timeout: 120_000 }, async () => {
    await start();
    const report = await load.run(plan, look);
    console.log(JSON.stringify({ ...report, seconds: [] }), most, lab.status('Max_used_connections'));
    expect(report.errors.tooManyConnections).toBeGreaterThan(100);
    expect(lab.status('Connection_errors_max_connections')).toBeGreaterThanOrEqual(
      report.errors.tooManyConnections ?? 0,
    );
    expect(most.toDatabase).toBeGreaterThan(MAX_IDLE);
    expect(most.descriptors).toBeGreaterThan(0.8 * 1024);
    await until('every pool to be at its cap on the idle or below', () =>
      lab.receivers.every(({ pid }) => established(pid) <= MAX_IDLE),
    );
  });

  test('both mended: the same load without an error', { timeout: 120_000 }, async () => {
    const cap = fittingCap(MAX_CONNECTIONS, 4);
    await start({ connectionLimit: cap, nofile: 16384 });
    const report = await load.run(plan, look);
    console.log(JSON.stringify({ ...report, seconds: [] }), most, lab.status('Max_used_connections'));
    expect(report.errors).toEqual({});
    expect(most.toDatabase).toBeLessThanOrEqual(cap);
    expect(lab.status('Connection_errors_max_connections')).toBe(0);
  });
}
