/** Network namespaces without a name of `ip netns`: held by another mount alone, or made by a container inside itself. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

interface Row {
  name: string;
  netns: number;
  pid?: number;
  madeBy?: string[];
  sharedWith: string[];
  sockets: { total: number };
  descriptors?: { pid: number };
}

function rowsOf(stdout: string): Row[] {
  return JSON.parse(stdout).containers;
}

describe('a namespace that only a bind mount holds', () => {
  let netns: TestNetns;
  let workshop: Workshop;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mounted-'));
    file = path.join(folder, 'ingress_sbox');
    netns = createNetns();
    fs.writeFileSync(file, '');
    execFileSync('mount', ['--bind', netns.path, file]);
    workshop = await Workshop.start(netns);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.bind(fd, { host: '127.0.0.1', port: 7007 });
    await workshop.listen(fd, 1);
  });
  afterAll(async () => {
    await workshop?.stop();
    netns?.remove();
    execFileSync('umount', [file]);
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const rowsHere = () => rowsOf(socklens(['ps', '--all', '--json']).stdout).filter((row) => row.netns === netns.inode);

  it('with a name of ip netns has one row, by that name', () => {
    expect(rowsHere()).toMatchObject([{ name: `netns:${netns.name}`, sockets: { total: 1 } }]);
  });

  it('without another name has one row, by its path, with the number of its sockets', async () => {
    execFileSync('ip', ['netns', 'delete', netns.name]);
    expect(fs.statSync(file).ino).toBe(netns.inode);
    expect(rowsHere()).toMatchObject([{ name: `netns:${file}`, pid: workshop.pid, sockets: { total: 1 } }]);
    const listed = socklens(['ls', `netns:${file}`, '--json']);
    expect(JSON.parse(listed.stdout).sockets).toMatchObject([{ local: { address: '127.0.0.1', port: 7007 } }]);
  });

  it('without a process too', async () => {
    await workshop.stop();
    const [row, ...more] = rowsHere();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ name: `netns:${file}`, sockets: { total: 0 } });
    expect(row).not.toHaveProperty('pid');
    expect(socklens(['ls', `netns:${file}`])).toMatchObject({ status: 0, stdout: 'no sockets\n' });
  });
});

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('a namespace that a container made inside itself', () => describeMade(engine));

function describeMade(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const cli = (...args: string[]) => socklens(args, env, docker.asMachine);
  let maker: RunningContainer;

  beforeAll(async () => {
    maker = await docker.run({
      script: '/bin/busybox unshare -n /bin/busybox nc -l -p 7008 & exec /bin/busybox sleep 1000000',
      hostConfig: { CapAdd: ['SYS_ADMIN'], SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'] },
    });
  });
  afterAll(() => docker.removeAll());

  it('has a row that names the container, with the sockets and descriptors there', async () => {
    const row = await until('the row of the inner namespace', () => {
      const found = rowsOf(cli('ps', '--all', '--json').stdout).filter(({ madeBy }) => madeBy?.includes(maker.name));
      return found.find(({ sockets }) => sockets.total === 1);
    });
    const { pid = 0 } = row;
    expect(row).toMatchObject({ name: `pid:${pid}`, madeBy: [maker.name], sharedWith: [], descriptors: { pid } });
    expect(fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1')).toContain(maker.id);
    expect(fs.statSync(`/proc/${pid}/ns/net`).ino).toBe(row.netns);
    expect(fs.statSync(`/proc/${maker.pid}/ns/net`).ino).not.toBe(row.netns);
    const text = cli('ps', '--all').stdout.split('\n');
    expect(text[0]).toContain('Made By');
    expect(text.find((line) => line.startsWith(`pid:${pid} `))).toContain(maker.name);
    // The container's own row is of its own namespace.
    const own = rowsOf(cli('ps', '--json').stdout).filter(({ name }) => name === maker.name);
    expect(own).toMatchObject([{ netns: fs.statSync(`/proc/${maker.pid}/ns/net`).ino }]);
  });
}
