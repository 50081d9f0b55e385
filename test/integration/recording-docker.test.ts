/** A recording of a real container that is restarted and renamed meanwhile, read back. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { commandJson, commandOutput, linesIn, RecordingRun, temporaryFolder } from '../support/recording-run.ts';
import type { WatchObject } from '../support/watch-run.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: a recording of a container', () => describeRecording(engine));

interface PsRow {
  name: string;
  id: string;
  pid: number;
  netns: number;
  sockets: { total: number; byState: Record<string, number> };
}

const PORT = 3306;

function describeRecording(docker: TestEngine): void {
  let folder: string;
  let file: string;
  let first: RunningContainer & { netns: number };
  let last: RunningContainer & { netns: number };
  /** A time before the change, in the format of `--at`. */
  let early: string;

  const ticks = () =>
    linesIn(fs.readFileSync(file))
      .map((line) => JSON.parse(line) as { type: string; at: number; notes?: string[] })
      .filter(({ type }) => type === 'tick');
  const noted = (note: string) => until(note, () => ticks().some(({ notes }) => notes?.includes(note)));
  const netnsOf = (pid: number) => fs.statSync(`/proc/${pid}/ns/net`).ino;
  /** Its listener, as the kernel's file shows it. */
  const listens = (pid: number) =>
    ['tcp', 'tcp6'].some((name) =>
      fs
        .readFileSync(`/proc/${pid}/net/${name}`, 'latin1')
        .includes(`:${PORT.toString(16).toUpperCase().padStart(4, '0')} `),
    );
  const pidOf = async (id: string) => {
    const { State } = (await docker.ask('GET', `/containers/${id}/json`)) as { State: { Pid: number } };
    return State.Pid;
  };
  const ps = (...args: string[]) => commandJson<{ containers: PsRow[] }>('ps', '--from', file, ...args).containers;

  beforeAll(async () => {
    folder = temporaryFolder();
    file = path.join(folder, 'container.slr');
    const container = await docker.run({ script: `/bin/busybox nc -l -p ${PORT} & wait` });
    first = { ...container, netns: netnsOf(container.pid) };
    await until('the listener', () => listens(first.pid));
    const run = await RecordingRun.startIn(
      { DOCKER_HOST: docker.endpoint },
      container.name,
      file,
      '--interval',
      '200ms',
    );
    await run.next();
    early = new Date(ticks().at(-1)?.at ?? 0).toISOString();
    await docker.ask('POST', `/containers/${container.id}/restart?t=0`);
    await noted(`${container.name}: started`);
    const name = docker.uniqueName('renamed');
    await docker.ask('POST', `/containers/${container.id}/rename?name=${name}`);
    await noted(`${container.name}: renamed to ${name}`);
    const pid = await pidOf(container.id);
    last = { id: container.id, name, pid, netns: netnsOf(pid) };
    await until('the listener of the new process', () => listens(pid));
    await run.next();
    expect(await run.stop()).toBe(0);
  });
  afterAll(async () => {
    await docker.removeAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('watch: its samples before and after, and what happened between them', () => {
    const { status, stdout } = commandOutput('watch', '--from', file, '--speed', 'max', '--ndjson');
    expect(status).toBe(0);
    const objects = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as WatchObject);
    const notes = objects.flatMap(({ type, text }) => (type === 'note' && text !== undefined ? [text] : []));
    // A tick may or may not fall between its stop and its start.
    expect(notes.filter((text) => text.startsWith(first.name))).toEqual([
      `${first.name}: stopped`,
      `${first.name}: started`,
      `${first.name}: renamed to ${last.name}`,
    ]);
    const samples = objects.filter(({ type }) => type === 'sample');
    const names = samples.map(({ target }) => target);
    expect([...new Set(names)]).toEqual([first.name, last.name]);
    expect(names.lastIndexOf(first.name)).toBeLessThan(names.indexOf(last.name));
    for (const sample of [samples[0], samples.at(-1)])
      expect(sample).toMatchObject({ total: 1, groups: [{ key: { state: 'LISTEN' }, count: 1 }] });
  });

  test('ps: at the end it is the new process under the new name, before it was the old one', () => {
    const listening = { total: 1, byState: { LISTEN: 1 } };
    expect(ps()).toMatchObject([{ ...last, sockets: listening }]);
    expect(ps('--at', early)).toMatchObject([{ ...first, sockets: listening }]);
  });

  test('ls: found by the name that it had then', () => {
    const ports = (...args: string[]) =>
      commandJson<{ sockets: { local: { port: number } }[] }>('ls', ...args, '--from', file, '-t').sockets.map(
        ({ local }) => local.port,
      );
    expect(ports(last.name)).toEqual([PORT]);
    expect(ports(first.name, '--at', early)).toEqual([PORT]);
    const missing = commandOutput('ls', docker.uniqueName('never'), '--from', file);
    expect([missing.status, missing.stdout]).toEqual([3, '']);
  });
}
