/** Several Docker Engines on one machine: a report names the defaults of the Engine that runs the container. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { LimitsReport } from '../../src/model/report/limits-report.ts';
import { socklens } from '../support/cli.ts';
import { type OwnEngine, type RunOptions, startOwnEngine, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

const DEFAULTS = 'the same as dockerd --default-ulimit';

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: several Engines', () => describeSeveral(engine));

function describeSeveral(first: TestEngine): void {
  let other: OwnEngine;
  let folder: string;
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-engines-'));
    other = await startOwnEngine(['--default-ulimit', 'nofile=1024:4096']);
  });
  afterAll(async () => {
    await first.removeAll();
    await other?.stop();
    fs.rmSync(folder, { recursive: true });
  });

  /** `socklens limits` of a new container. */
  async function limitsIn(docker: TestEngine, options: RunOptions = {}, byPid = false): Promise<LimitsReport> {
    const { name, pid } = await docker.run(options);
    const target = byPid ? `pid:${pid}` : name;
    const { status, stdout, stderr } = socklens(['limits', target, '--json'], { DOCKER_HOST: docker.endpoint });
    if (status !== 0) throw new Error(`socklens limits ${name}: ${status} ${stderr}`);
    return JSON.parse(stdout);
  }
  const nofileOf = ({ groups }: LimitsReport) => groups[0]?.limits.find(({ name }) => name === 'nofile');
  const pidsOf = ({ related }: LimitsReport, role: string) =>
    related.filter((process) => process.role === role).map(({ pid }) => pid);

  test('the defaults of the Engine that runs the container', async () => {
    const report = await limitsIn(other.docker);
    expect(report.declaredBy).toBe(`the Engine (HostConfig.Ulimits, ${DEFAULTS})`);
    expect(nofileOf(report)).toMatchObject({ soft: 1024, hard: 4096, declared: { soft: 1024, hard: 4096 } });
  });

  test("not another Engine's", async () => {
    const report = await limitsIn(first);
    expect(report).not.toHaveProperty('declaredBy');
    expect(nofileOf(report)).not.toHaveProperty('declared');
    const ulimits = [{ Name: 'nofile', Soft: 1024, Hard: 4096 }];
    expect((await limitsIn(first, { ulimits })).declaredBy).toBe('the Engine (HostConfig.Ulimits)');
  });

  test('a process of the container is a target that leads to the same Engine', async () => {
    expect((await limitsIn(other.docker, {}, true)).declaredBy).toContain(DEFAULTS);
    expect(await limitsIn(first, {}, true)).not.toHaveProperty('declaredBy');
  });

  test('related are the daemons of that Engine alone, also beside a containerd without one', async () => {
    const program = path.join(folder, 'containerd');
    fs.copyFileSync('/bin/sleep', program);
    const unrelated = spawn(program, ['120'], { stdio: 'ignore' });
    onTestFinished(() => {
      unrelated.kill();
    });
    await until('its name', () => fs.readFileSync(`/proc/${unrelated.pid}/comm`, 'utf8') === 'containerd\n');
    const [ofFirst, ofOther] = [await limitsIn(first), await limitsIn(other.docker)];
    for (const role of ['Engine', 'containerd']) {
      expect(pidsOf(ofOther, role)).toHaveLength(1);
      expect(pidsOf(ofFirst, role)).toHaveLength(1);
      expect(pidsOf(ofFirst, role)).not.toEqual(pidsOf(ofOther, role));
    }
  });
}
