import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { programMissing } from '../../support/runtimes/available.ts';
import { PODMAN_USER, startPodmans, type TestPodmans } from '../../support/runtimes/podman.ts';

/* Every verb on a container of an ordinary user's Podman, and what such a user may try. */

const missing = programMissing('podman', 'conmon', 'runc', 'newuidmap', 'busybox');
if (missing !== undefined) test.skip(`Podman: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("a pod of an ordinary user's Podman", () => {
  let podmans: TestPodmans;
  let app: { id: string; pid: number };
  /** The folder of the user's socket, as this process sees it. */
  let folder: string;
  beforeAll(async () => {
    podmans = await startPodmans();
    folder = `/proc/${podmans.hostPid}/root/run/user/${PODMAN_USER}/podman`;
    const { user } = podmans;
    await user.serve();
    user.podman('pod', 'create', '--name', 'mine', '--network', 'none');
    app = user.run('mine-app', ['--pod', 'mine'], 'exec /bin/busybox nc -l -p 8080');
    user.run('mine-side', ['--pod', 'mine'], 'exec /bin/busybox nc -l -p 9090');
    await until('both listeners', () => [':8080', ':9090'].every((port) => listens('pod:mine').includes(port)));
  });
  afterAll(() => podmans?.stop());

  const ask = (...args: string[]) => socklens(args, {}, [...podmans.asMachine]);
  const listens = (...args: string[]) => ask('ls', ...args, 'state', 'listening').stdout;
  const rows = () =>
    (JSON.parse(ask('ps', '--json').stdout) as { containers: { name: string; pid: number }[] }).containers;

  test('ls: the pod is its namespace, a container its own sockets', () => {
    expect(listens('pod:mine/mine-app')).toContain(':8080');
    expect(listens('pod:mine/mine-app')).not.toContain(':9090');
    expect(listens('mine-side')).toContain(':9090');
  });

  test('doctor looks at it by its name', () => {
    const { status, stderr, stdout } = ask('doctor', 'mine-app', '--for', '2s', '--json');
    expect([0, 1]).toContain(status);
    expect(stderr).not.toContain('internal error');
    expect(JSON.stringify(JSON.parse(stdout))).toContain('mine-app');
  });

  test('a recording has its pod', () => {
    const file = `${podmans.folder}/mine.slr`;
    expect(ask('record', '--output', file, '--for', '2s', 'pod:mine').status).toBe(0);
    for (const target of ['pod:mine', 'mine-app', 'pod:mine/mine-app'])
      expect([target, listens(target, '--from', file)]).toEqual([target, expect.stringContaining(':8080')]);
    expect(listens('mine-app', '--from', file)).not.toContain(':9090');
  });

  test('limits --set changes its process', () => {
    const { status, stderr } = ask('limits', 'mine-app', '--set', 'nofile=100:200', '--yes');
    const limits = fs.readFileSync(`/proc/${app.pid}/limits`, 'latin1');
    expect(stderr).not.toContain(`only user ${PODMAN_USER} says`);
    // Setting the limit of another uid's process takes CAP_SYS_RESOURCE, which not every root has.
    if (status === 0) expect(limits).toMatch(/^Max open files +100 +200 /m);
    else expect(stderr).toContain('CAP_SYS_RESOURCE');
  });

  test('a service that hangs delays nothing for long, and the containers are those of the conmons', async () => {
    const { user } = podmans;
    await user.stopService();
    fs.rmSync(`${folder}/podman.sock`);
    // This process does not accept: the kernel has the connection.
    const silent = net.createServer().listen(`${folder}/podman.sock`);
    await new Promise((resolve) => silent.once('listening', resolve));
    try {
      const { status, stdout, stderr } = ask('ps');
      expect(status).toBe(0);
      expect(stdout).toMatch(/^mine-app /m);
      expect(stderr).toMatch(/podman\.sock.*(?:did not answer|no answer)/);
      expect(listens('mine-app')).toContain(':8080');
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test("a link to root's socket makes nothing of root's that user's", async () => {
    const { root } = podmans;
    await root.serve();
    const solo = root.run('roots', ['--network', 'none']);
    fs.rmSync(`${folder}/podman.sock`, { force: true });
    fs.symlinkSync(root.socket, `${folder}/podman.sock`);
    fs.lchownSync(`${folder}/podman.sock`, PODMAN_USER, PODMAN_USER);
    try {
      expect(rows().filter(({ name }) => name === 'roots')).toMatchObject([{ pid: solo.pid }]);
      // Root's conmon is root's word.
      expect(ask('kill', 'roots', 'state', 'all', '--yes')).toMatchObject({ status: 0 });
    } finally {
      fs.rmSync(`${folder}/podman.sock`);
      await root.stopService();
    }
  });

  test('a name in the storage cannot write to the terminal', () => {
    const file = execFileSync('find', [`${podmans.folder}/home/storage`, '-name', 'containers.json'], {
      encoding: 'utf8',
    }).trim();
    const before = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, before.replaceAll('"mine-side"', JSON.stringify('\u001b[31mred\r\nroots')));
    try {
      const { stdout, stderr } = ask('ps');
      expect(stdout).toContain('red');
      for (const control of ['\u001b', '\r']) expect(stdout + stderr).not.toContain(control);
      expect(stdout).not.toMatch(/^roots$/m);
      expect(rows().map(({ name }) => name)).toContain('\u001b[31mred\r\nroots');
    } finally {
      fs.writeFileSync(file, before);
    }
  });

  test("what another user's Engine says about it does not take it away", async () => {
    const other = PODMAN_USER + 1;
    const { user, hostPid } = podmans;
    await user.serve();
    // The answers are right, and come from a folder that is another user's.
    const parent = `/proc/${hostPid}/root/run/user/${PODMAN_USER}`;
    fs.chownSync(parent, other, other);
    try {
      expect(rows().filter(({ name }) => name === 'mine-app')).toMatchObject([{ pid: app.pid }]);
      expect(ask('ls', 'mine-app').status).toBe(0);
    } finally {
      fs.chownSync(parent, PODMAN_USER, PODMAN_USER);
    }
  });
});
