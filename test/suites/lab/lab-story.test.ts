/** The whole embedded lab as its users start it. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabPhaseResult } from '../../../src/model/report/lab-phase.ts';
import { LAUNCHER } from '../../support/cli.ts';
import { expectStory } from '../../support/lab-story.ts';
import { until } from '../../support/netns.ts';
import { isRunning } from '../../support/private-processes.ts';

const NAMES_FOLDER = '/run/netns';
/** Time limit of the embedded lab. */
const MOST_MS = 120_000;

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the lab. @returns its process, its output so far, and a promise of its exit */
function start(...args: string[]) {
  const child = spawn(LAUNCHER, ['lab', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  const end = new Promise<Run>((resolve) => child.once('close', (status) => resolve({ status, ...written })));
  return { child, written, end };
}

/** All descendants of a process, from /proc. */
function descendants(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => childrenOf(`/proc/${pid}/task/${task}/children`));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Ids of a process's threads; none of one that has ended meanwhile. */
function tasksOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Process ids in such a file; none of a thread that has ended meanwhile. */
function childrenOf(file: string): number[] {
  try {
    return fs.readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

const namesOfLab = () => fs.readdirSync(NAMES_FOLDER).filter((name) => name.startsWith('lab-'));

describe('lab: the whole story', { timeout: 180_000 }, () => {
  let run: Run;
  let tookMs = 0;
  beforeAll(async () => {
    const begin = Date.now();
    run = await start('--json').end;
    tookMs = Date.now() - begin;
  }, 180_000);

  it('exits with status 0 within two minutes and leaves nothing behind', () => {
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    expect(tookMs).toBeLessThan(MOST_MS);
    expect(namesOfLab()).toEqual([]);
  });

  it('shows the incident, both causes before the first instance fails, and both fixes', () => {
    const { phases, mended } = JSON.parse(run.stdout) as { phases: LabPhaseResult[]; mended: boolean };
    expectStory(phases);
    expect(mended).toBe(true);
  });
});

describe('lab: Ctrl-C', { timeout: 240_000 }, () => {
  it('during a load it leaves no process and no named namespace', async () => {
    const { child, written, end } = start();
    await until('the load to run', () => /^ +2s /m.test(written.stdout), 60_000);
    const members = descendants(child.pid ?? 0);
    expect(members.length).toBeGreaterThanOrEqual(7);
    child.kill('SIGINT');
    const { status, stdout, stderr } = await end;
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('Stopped; everything was removed.');
    // One that process 1 has not waited for yet has ended too.
    expect(members.filter(isRunning)).toEqual([]);
    expect(namesOfLab()).toEqual([]);
  });
});
