/** The lab in containers, with a real MariaDB, a real driver and a real balancer. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerLab, type ContainerLabOptions, startContainerLab } from '../../../src/act/lab/container-lab.ts';
import { fittingCap, planContainers } from '../../../src/act/lab/plan.ts';
import { type Load, startLoad } from '../../../src/act/lab/start-load.ts';
import type { LoadPlan } from '../../../src/model/report/load-report.ts';
import { EXTRA_PORT, hostRoles, rolesMissing } from '../../support/container-roles.ts';
import { type TestEngine, testEngine } from '../../support/engine.ts';
import { until } from '../../support/netns.ts';

const engine = testEngine();
const missing = typeof engine === 'string' ? engine : rolesMissing();

if (typeof engine === 'string' || missing !== undefined) test.skip(`docker: the lab: ${missing}`, () => {});
else describe('docker: the lab in containers', { timeout: 180_000 }, () => describeLab(engine));

const NAME = `sllab-${process.pid}`;
const MAX_CONNECTIONS = 151;
const MAX_IDLE = 50;
const NOFILE = 1024;
/** Upper limit of the calibrated rate, in requests per second, so that other programs have CPU time too. */
const MODEST = 600;
const CAP = fittingCap(MAX_CONNECTIONS, 4);

function describeLab(docker: TestEngine): void {
  // The balancer has its container's address.
  beforeAll(() => docker.enterHostNetwork());

  let lab: ContainerLab | undefined;
  let load: Load | undefined;
  let plan: LoadPlan;
  let queryMs: number;

  async function start(options: Partial<ContainerLabOptions> = {}): Promise<{ lab: ContainerLab; load: Load }> {
    const env = { ...process.env, DOCKER_HOST: docker.endpoint };
    lab = await startContainerLab({ name: NAME, queryMs, ...options }, hostRoles(docker.image), env);
    load = await startLoad(lab.balancerAddress);
    return { lab, load };
  }

  async function pidOf(container: string): Promise<number> {
    const { State } = (await docker.ask('GET', `/containers/${container}/json`)) as { State: { Pid: number } };
    return State.Pid;
  }

  const labelled = async (kind: 'containers' | 'networks') => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`socklens.lab=${NAME}`] }));
    const path = kind === 'containers' ? `/containers/json?all=1&filters=${filters}` : `/networks?filters=${filters}`;
    return (await docker.ask('GET', path)) as unknown[];
  };

  beforeAll(async () => {
    const measured = await (await start({ queryMs: 1 })).load.calibrate(2000);
    const capacity = Math.min(measured, MODEST);
    ({ load: plan, queryMs } = planContainers({ capacity, maxConnections: MAX_CONNECTIONS, nofile: NOFILE }));
    await load?.stop();
  }, 180_000);
  afterEach(async () => {
    await load?.stop();
    await lab?.stop();
    expect([...(await labelled('containers')), ...(await labelled('networks'))]).toEqual([]);
  });

  test('without a fix: error 1040 from MariaDB, descriptors near their limit, and pools that fall back to the idle cap', async () => {
    const running = await start();
    const pids = await Promise.all(running.lab.receivers.map(pidOf));
    const database = await pidOf(running.lab.database);
    const most = { toDatabase: 0, descriptors: 0 };
    const [first = 0] = pids;
    const sampling = setInterval(() => {
      most.toDatabase = Math.max(most.toDatabase, toDatabase(first));
      most.descriptors = Math.max(most.descriptors, descriptors(first));
    }, 200);
    const report = await running.load.run(plan).finally(() => clearInterval(sampling));
    const refused = report.errors.tooManyConnections ?? 0;
    expect(refused).toBeGreaterThan(20);
    expect(status(database, 'Connection_errors_max_connections')).toBeGreaterThanOrEqual(refused / 2);
    expect(status(database, 'Max_used_connections')).toBeGreaterThanOrEqual(MAX_CONNECTIONS);
    expect(most.toDatabase).toBeGreaterThan(MAX_IDLE);
    expect(most.descriptors).toBeGreaterThan(0.8 * NOFILE);
    await until(
      'every pool to be at its cap on the idle, or below',
      () => Math.max(...pids.map(toDatabase)) <= MAX_IDLE,
    );
  });

  test('with the pool fixed: no error 1040, and an instance still runs out of descriptors', async () => {
    const running = await start({ connectionLimit: CAP });
    const [first = 0] = await Promise.all(running.lab.receivers.map(pidOf));
    let most = 0;
    const report = await running.load.run(plan, () => {
      most = Math.max(most, descriptors(first));
    });
    expect(report.errors.tooManyConnections).toBeUndefined();
    expect(most).toBeGreaterThanOrEqual(NOFILE);
  });

  test('with both fixed: the same load without an error', async () => {
    const running = await start({ connectionLimit: CAP, nofile: 16_384 });
    const pids = await Promise.all(running.lab.receivers.map(pidOf));
    const seen: number[] = [];
    const report = await running.load.run(plan, () => seen.push(...pids.map(toDatabase)));
    expect(report.errors).toEqual({});
    expect(Math.max(...seen)).toBeLessThanOrEqual(CAP);
    expect(status(await pidOf(running.lab.database), 'Connection_errors_max_connections')).toBe(0);
  });
}

/** Number of established connections to the database in a process's namespace, from `ss`. */
function toDatabase(pid: number): number {
  const inside = ['-t', String(pid), '-n', 'ss', '-tnH', 'state', 'established', 'dport', '=', ':3306'];
  return execFileSync('nsenter', inside, { encoding: 'utf8' }).split('\n').filter(Boolean).length;
}

function descriptors(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

/** A status variable of MariaDB. */
function status(database: number, name: string): number {
  const client = ['mariadb', '--no-defaults', '--host=127.0.0.1', `--port=${EXTRA_PORT}`, '--skip-ssl', '--batch'];
  const question = ['--skip-column-names', '-e', `SHOW GLOBAL STATUS LIKE '${name}'`];
  const inside = ['-t', String(database), '-n', ...client, ...question];
  return Number(execFileSync('nsenter', inside, { encoding: 'utf8' }).split('\t')[1]);
}
