/** `socklens top` on real containers, on a real pseudo-terminal, against the counts of `ss` in their namespaces. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { LAUNCHER } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { TestTerminal } from '../support/terminal.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: top', () => describeTop(engine));

const SIZE = { columns: 200, rows: 60 };

/** Numbers of a row behind its name, without the bars. */
function numbers(line: string): number[] {
  return (line.replace(/\[.*?\]/g, ' ').match(/(?<=\s)\d+(?=\s)/g) ?? []).map(Number);
}

function describeTop(docker: TestEngine): void {
  let terminal: TestTerminal | undefined;

  afterEach(async () => {
    terminal?.close();
    terminal = undefined;
    await docker.removeAll();
  });
  afterAll(() => docker.removeAll());

  async function start(args: string): Promise<TestTerminal> {
    terminal = await TestTerminal.start(SIZE, { DOCKER_HOST: docker.endpoint });
    terminal.run(`clear; ${LAUNCHER} top ${args}; echo "status $?"`);
    return terminal;
  }

  const ss = ({ pid }: RunningContainer, state: string) =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ss', '-tanH', 'state', state], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '').length;
  const rowOf = (lines: readonly string[], name: string) => lines.find((line) => line.startsWith(`${name} `)) ?? '';

  test('a row for each container with its states, and connections that are opened later', async () => {
    const listens = '/bin/busybox nc -ll -p 3306 -e /bin/busybox sleep 1000000';
    const dials = '(/bin/busybox sleep 1000000 | /bin/busybox nc 127.0.0.1 3306) &';
    const script = `trap '${dials.repeat(3)}' USR1; ${listens} & while :; do /bin/busybox sleep 0.1; done`;
    const db = await docker.run({ script });
    await until('the listener', () => ss(db, 'listening') === 1);
    const idle = await docker.run();
    const top = await start(`${db.name},${idle.name}`);
    await top.until('both rows', (lines) => rowOf(lines, db.name) !== '' && rowOf(lines, idle.name) !== '');
    await docker.ask('POST', `/containers/${db.id}/kill?signal=USR1`);
    await until('three connections', () => ss(db, 'established') === 6);
    // Sockets in all, then ESTABLISHED.
    const lines = await top.until('the same', (seen) => numbers(rowOf(seen, db.name))[1] === 6);
    expect(numbers(rowOf(lines, db.name)).slice(0, 2)).toEqual([7, 6]);
    expect(numbers(rowOf(lines, idle.name)).slice(0, 2)).toEqual([0, 0]);

    top.press('Enter');
    await top.until('its peers', (seen) => seen.some((line) => line.includes('→ 3306') || line.includes('→ mysql')));
    top.press('Escape');
    await top.until('the overview', (seen) => rowOf(seen, idle.name) !== '');
  });

  test('containers that share a namespace: rows follow what changes, with their age; the opened one at every tick', async () => {
    const listens = '/bin/busybox nc -ll -p 3306 -e /bin/busybox sleep 1000000';
    const dials = '(/bin/busybox sleep 1000000 | /bin/busybox nc 127.0.0.1 3306) &';
    const script = `trap '${dials.repeat(2)}' USR1; ${listens} & while :; do /bin/busybox sleep 0.1; done`;
    const web = await docker.run({ script });
    await until('the listener', () => ss(web, 'listening') === 1);
    const sidecar = await docker.run({ network: `container:${web.name}` });
    const top = await start(`${web.name},${sidecar.name}`);
    await top.until('both rows', (lines) => rowOf(lines, web.name) !== '' && rowOf(lines, sidecar.name) !== '');
    for (const established of [4, 8]) {
      await docker.ask('POST', `/containers/${web.id}/kill?signal=USR1`);
      await until('the connections', () => ss(web, 'established') === established);
      const lines = await top.until('the same', (seen) => numbers(rowOf(seen, web.name))[1] === established);
      expect(numbers(rowOf(lines, sidecar.name)).slice(0, 2)).toEqual([0, 0]);
      const age = / (now|\d+s|\?) +docker/.exec(rowOf(lines, web.name))?.[1] ?? '';
      // On a busy machine older than the ten seconds.
      expect(age === 'now' ? 0 : Number(age.slice(0, -1))).toBeLessThan(25);
    }

    top.press('Enter');
    const isServer = (line: string) => line.includes('← 3306') || line.includes('← mysql');
    await top.until('its peers', (seen) => seen.some((line) => isServer(line)));
    await docker.ask('POST', `/containers/${web.id}/kill?signal=USR1`);
    await until('more connections', () => ss(web, 'established') === 12);
    const lines = await top.until('the same', (seen) =>
      seen.some((line) => isServer(line) && numbers(line).includes(6)),
    );
    expect(lines[0]).toMatch(/every 1s {2}\d\d:/);
  });

  test('restarted and renamed, a container keeps its row; a killed one loses it', async () => {
    const [restarts, dies] = [await docker.run(), await docker.run()];
    const name = docker.uniqueName('renamed');
    const top = await start('');
    const has = (wanted: string) => (lines: string[]) => rowOf(lines, wanted) !== '';
    await top.until('both rows', (lines) => has(restarts.name)(lines) && has(dies.name)(lines));
    await docker.ask('POST', `/containers/${dies.id}/kill`);
    await top.until('one row', (lines) => !has(dies.name)(lines) && has(restarts.name)(lines));
    await docker.ask('POST', `/containers/${restarts.id}/rename?name=${name}`);
    await top.until('the new name', has(name));
    await docker.ask('POST', `/containers/${restarts.id}/restart?t=0`);
    await top.until('the remark', (lines) => lines.some((line) => line.includes(`${name}: started`)));
    await top.until('its row', has(name));
    top.press('F10');
    await top.until('the end', (lines) => lines.includes('status 0'));
  });
}
