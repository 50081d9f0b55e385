/** What processes that call themselves conmon are believed. The real one is in the suite `runtimes`. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConmonTable } from '../../src/collect/containers/conmon-table.ts';
import { ContainerStorage } from '../../src/collect/containers/container-storage.ts';
import { socklens } from '../support/cli.ts';
import { until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { forked, PythonProcess } from '../support/python-process.ts';

const ID = 'b1d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const NAME = `solo-${process.pid}`;
const user = otherUser() ?? 0;
const whyNot = process.getuid?.() !== 0 ? 'it takes another user' : user === 0 ? NO_OTHER_USER : undefined;
if (whyNot !== undefined) test.skip(whyNot, () => {});

/** CLONE_NEWNS and CLONE_NEWUSER of unshare(2). */
const unshare = (flags: number) => `ctypes.CDLL(None).unshare(${flags})`;
const CLONE_NEWNS = 0x2_0000;
const CLONE_NEWUSER = 0x1000_0000;

describe.skipIf(whyNot !== undefined)('whose word a conmon is', () => {
  let folder: string;
  let conmon: PythonProcess;
  let pid: number;
  const cgroups: string[] = [];
  const children: number[] = [];

  beforeEach(async () => {
    folder = fs.mkdtempSync('/tmp/sltest-conmon-');
    fs.chmodSync(folder, 0o755);
    const bundle = `${folder}/vfs-containers/${ID}/userdata`;
    fs.mkdirSync(bundle, { recursive: true });
    conmon = new PythonProcess(undefined, ['-c', ID, '-n', NAME, '-b', bundle, '--exit-command', '/usr/bin/podman']);
    pid = await conmon.run<number>('import ctypes\nrename("conmon")\nanswer = os.getpid()');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) process.kill(child, 'SIGKILL');
    await conmon.kill();
    fs.rmSync(folder, { recursive: true });
    for (const cgroup of cgroups.splice(0)) {
      await until(`the removal of ${cgroup}`, () => {
        try {
          fs.rmdirSync(cgroup);
          return true;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code !== 'EBUSY';
        }
      });
    }
  });

  const seen = () => {
    const table = new ConmonTable(() => [pid], new ContainerStorage(), '/proc');
    return table.containers(table.conmons());
  };

  /** A child of conmon with namespaces of its own. @returns its PID, when it has them */
  async function child(flags = CLONE_NEWNS): Promise<number> {
    const made = await conmon.run<number>(forked(unshare(flags)));
    children.push(made);
    const own = fs.readlinkSync(`/proc/${pid}/ns/mnt`);
    await until('its namespaces', () => fs.readlinkSync(`/proc/${made}/ns/mnt`) !== own);
    return made;
  }

  async function become(uids: string): Promise<void> {
    // Its files in /proc are those of its user again: PR_SET_DUMPABLE.
    await conmon.run(`os.setresuid(${uids})
ctypes.CDLL(None).prctl(4, 1)`);
  }

  test('a child with a mount namespace of its own is the container, with the name that the storage has now', async () => {
    const made = await child();
    expect(seen()).toMatchObject([{ runtime: 'podman', id: ID, name: NAME, pid: made, running: true }]);
    expect(seen()[0]).not.toHaveProperty('reportedBy');
    fs.writeFileSync(`${folder}/vfs-containers/containers.json`, JSON.stringify([{ id: ID, names: ['renamed'] }]));
    expect(seen()).toMatchObject([{ name: 'renamed' }]);
  });

  test('a child in its own mount namespace is Podman, which cleans up: no container', async () => {
    children.push(await conmon.run<number>(forked()));
    expect(seen()).toEqual([]);
  });

  test('the specification is read without its environment', async () => {
    await child();
    const spec = { process: { args: ['sleep', '1'], env: ['PASSWORD=hunter2'] }, linux: { namespaces: [] } };
    fs.writeFileSync(`${folder}/vfs-containers/${ID}/userdata/config.json`, JSON.stringify(spec));
    expect(seen()).toMatchObject([{ command: ['sleep', '1'], networkMode: 'host' }]);
    expect(JSON.stringify(seen())).not.toContain('hunter2');
  });

  test.each([
    ['a link', (file: string) => fs.symlinkSync('/etc/passwd', file)],
    ['a folder', (file: string) => fs.mkdirSync(file)],
    ['no JSON', (file: string) => fs.writeFileSync(file, 'x')],
    ['of another type', (file: string) => fs.writeFileSync(file, '7')],
  ])('a file of the storage that is %s: the command line has the name', async (_, make) => {
    await child();
    make(`${folder}/vfs-containers/containers.json`);
    make(`${folder}/vfs-containers/${ID}/userdata/config.json`);
    expect(seen()).toMatchObject([{ name: NAME, command: [] }]);
  });

  test("a user's is that user's word, although a set-user-ID program has root's rights", async () => {
    await become(`${user}, 0, 0`);
    await child();
    expect(seen()).toMatchObject([{ reportedBy: user }]);
  });

  test("a user's container is listed, and one that shows root's process is not", async () => {
    const theirs = await conmon.run<number>(forked(unshare(CLONE_NEWNS)));
    children.push(theirs);
    await until(
      'its namespace',
      () => fs.readlinkSync(`/proc/${theirs}/ns/mnt`) !== fs.readlinkSync(`/proc/${pid}/ns/mnt`),
    );
    await become(`${user}, ${user}, ${user}`);
    const { stdout, stderr } = socklens(['ps']);
    expect(stdout).not.toContain(NAME);
    expect(stderr).toContain(`podman of user ${user} reports process ${theirs}, which is not one of that user`);
    expect(socklens(['limits', NAME, '--set', 'nofile=100:100', '--yes']).status).toBe(4);
  });

  test("a user's own container is listed", async () => {
    await become(`${user}, ${user}, ${user}`);
    const made = await child(CLONE_NEWUSER | CLONE_NEWNS);
    const { stdout } = socklens(['ps', '--json']);
    const rows = (JSON.parse(stdout) as { containers: { name: string }[] }).containers;
    expect(rows.filter(({ name }) => name === NAME)).toMatchObject([{ runtime: 'podman', pid: made }]);
  });

  test('one inside of a container is left aside', async () => {
    const made = await child();
    const root = fs.existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
    const cgroup = `${root}/sltest-${process.pid}/${ID.replace(/^b1/, 'b2')}`;
    fs.mkdirSync(cgroup, { recursive: true });
    cgroups.push(cgroup, `${root}/sltest-${process.pid}`);
    for (const each of [pid, made]) fs.writeFileSync(`${cgroup}/cgroup.procs`, String(each));
    expect(seen()).toEqual([]);
  });
});
