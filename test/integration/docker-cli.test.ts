/** The command line on real containers: on a bridge, a network of their own, in one namespace, on the host's. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeInventory } from '../../src/collect/containers/inventory.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { resolveTargets } from '../../src/collect/target/resolve-targets.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { listSockets } from '../../src/queries/list-sockets.ts';
import { LiveNetns } from '../../src/sources/live/live-netns.ts';
import { LAUNCHER, socklens, sortedLines } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: containers seen from outside', () => describeCli(engine));

interface Row {
  name: string;
  runtime: string;
  id?: string;
  pid?: number;
  netns: number;
  sharedWith: string[];
  sockets: { total: number; tcp: number; udp: number; raw: number; unix: number; byState: Record<string, number> };
  descriptors?: { pid: number; used: number; softLimit: number | null; hardLimit: number | null };
  busiestPeer?: { address: string; port: number; count: number; name?: string; service?: string };
}

const CONNECTIONS = 7;

function describeCli(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const cli = (...args: string[]) => socklens(args, env, docker.asMachine);
  const json = (...args: string[]) => {
    const { status, stdout, stderr } = cli(...args);
    if (status !== 0) throw new Error(`socklens ${args.join(' ')}: ${status} ${stderr}`);
    return JSON.parse(stdout);
  };
  let db: RunningContainer;
  let web: RunningContainer;
  let sidecar: RunningContainer;
  let onHost: RunningContainer;
  let dbAddress: string;

  const rows = (): Row[] => json('ps', '--all', '--json').containers;
  const rowOf = (name: string): Row => {
    const row = rows().find((candidate) => candidate.name === name);
    if (row === undefined) throw new Error(`ps has no row ${name}`);
    return row;
  };
  /** TCP rows that /proc shows in the namespace of a process, headers left out. */
  const procRows = (pid: number, file: string) =>
    fs.readFileSync(`/proc/${pid}/net/${file}`, 'latin1').trimEnd().split('\n').length - 1;

  beforeAll(async () => {
    // A listener for each connection: busybox's nc serves one.
    const listen = 'for i in 1 2 3 4 5 6 7; do /bin/busybox nc -l -p 3306 -e /bin/busybox sleep 1000000 & done; wait';
    const labels = { 'com.docker.compose.service': 'storage' };
    const spare = '/bin/busybox nc -l -p 3399 -e /bin/busybox sleep 1000000 & ';
    db = await docker.run({ script: spare + listen.replaceAll('-p 3306', '-p 330$i'), labels });
    dbAddress = await address(docker, db);
    const dial = `for i in 1 2 3 4 5 6 7; do /bin/busybox sleep 1000000 | /bin/busybox nc ${dbAddress} 330$i & done; wait`;
    await until('listeners', () => procRows(db.pid, 'tcp6') + procRows(db.pid, 'tcp') > CONNECTIONS);
    web = await docker.run({ script: dial, ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }] });
    sidecar = await docker.run({ script: 'exec /bin/busybox nc -l -p 9102', network: `container:${web.name}` });
    onHost = await docker.run({ script: 'exec /bin/busybox nc -l -p 39102', network: 'host' });
    await until('connections', () => procRows(web.pid, 'tcp') >= CONNECTIONS);
    await until('the sidecar', () => procRows(web.pid, 'tcp') + procRows(web.pid, 'tcp6') >= CONNECTIONS + 1);
    await until('the listener on the host', () => cli('ls', 'host', '-tln').stdout.includes(':39102 '));
  });
  afterAll(() => docker.removeAll());

  test('ps: a row for each, with its counts, limits and busiest peer', () => {
    const row = rowOf(web.name);
    expect(row).toMatchObject({ runtime: 'docker', id: web.id, sharedWith: [sidecar.name] });
    expect(row.netns).toBe(fs.statSync(`/proc/${web.pid}/ns/net`).ino);
    expect(row.sockets.byState.ESTABLISHED).toBe(CONNECTIONS);
    expect(row.busiestPeer).toMatchObject({ address: dbAddress, name: db.name });
    const { pid = 0, used, softLimit, hardLimit } = row.descriptors ?? {};
    expect({ softLimit, hardLimit }).toEqual({ softLimit: 1024, hardLimit: 4096 });
    expect(used).toBe(fs.readdirSync(`/proc/${pid}/fd`).length);
  });

  test('ps: in a shared namespace nothing is counted twice', () => {
    const all = rows().filter((row) => row.netns === fs.statSync(`/proc/${web.pid}/ns/net`).ino);
    expect(all.map((row) => row.name)).toEqual(expect.arrayContaining([web.name, sidecar.name]));
    const sum = all.reduce((total, row) => total + row.sockets.tcp, 0);
    expect(sum).toBe(procRows(web.pid, 'tcp') + procRows(web.pid, 'tcp6'));
    expect(all.find((row) => row.name === sidecar.name)?.sockets.byState).toEqual({ LISTEN: 1 });
  });

  test("ps: a container on the host's network has its own sockets there", () => {
    const row = rowOf(onHost.name);
    expect(row.sharedWith).toContain('host');
    expect(row.sockets.byState).toEqual({ LISTEN: 1 });
    expect(rowOf('host').netns).toBe(row.netns);
  });

  test('ls: peers carry the name of the container that has the address', () => {
    const { sockets, target } = json('ls', web.name, '-t', '--json');
    expect(target).toMatchObject({ name: web.name, runtime: 'docker', id: web.id, pid: web.pid });
    const connected = sockets.filter((socket: { state: string }) => socket.state === 'ESTABLISHED');
    expect(connected).toHaveLength(CONNECTIONS);
    for (const socket of connected) {
      expect(socket).toMatchObject({ container: web.name, peer: { address: dbAddress, name: db.name } });
      expect(socket.processes[0]).toMatchObject({ name: 'busybox' });
      expect(fs.readlinkSync(`/proc/${socket.processes[0].pid}/fd/${socket.processes[0].fd}`)).toBe(
        `socket:[${socket.inode}]`,
      );
    }
  });

  test('ls: groups by container and state', () => {
    const { groups } = json('ls', web.name, '--netns', '-t', '--by', 'container,state', '--json');
    expect(groups).toEqual([
      { key: { container: web.name, state: 'ESTABLISHED' }, count: CONNECTIONS },
      { key: { container: sidecar.name, state: 'LISTEN' }, count: 1 },
    ]);
  });

  test('ls: no container column where no namespace is shared', () => {
    const { sockets } = json('ls', db.name, '--json');
    for (const socket of sockets) expect(socket).not.toHaveProperty('container');
  });

  test('filters: by the name of a peer, of a service, of a container, of a process', () => {
    const count = (target: string, ...filter: string[]) => json('ls', target, '-t', '--json', ...filter).sockets.length;
    for (const filter of [
      `peer ${db.name}`,
      `dst ${db.name}`,
      'peer storage',
      `dst ${dbAddress}`,
      'process busybox dport 3301-3307',
    ]) {
      expect([filter, count(web.name, filter)]).toEqual([filter, CONNECTIONS]);
    }
    expect(count(web.name, `dst ${db.name}:3303`)).toBe(1);
    expect(count(db.name, `peer ${web.name}`)).toBe(CONNECTIONS);
    // The namespace is the sidecar's too.
    expect(count(web.name, '--netns', `container ${sidecar.name}`)).toBe(1);
    expect(count(web.name, `container ${sidecar.name}`)).toBe(0);
    expect(count(web.name, `container ${web.name} state established`)).toBe(CONNECTIONS);
    expect(json('ls', web.name, '-t', '--by', 'state', '--json', `peer ${db.name}`).groups).toEqual([
      expect.objectContaining({ count: CONNECTIONS }),
    ]);
  });

  test('filters: the error for an unknown name shows its position', () => {
    const { status, stderr } = cli('ls', web.name, 'peer nobody-of-this-name');
    expect(status).toBe(2);
    expect(stderr).toContain('no address "nobody-of-this-name"');
    expect(stderr).toContain(`\n  peer nobody-of-this-name\n       ${'^'.repeat(19)}`);
    expect(cli('ls', web.name, 'container nobody').status).toBe(2);
  });

  test('kill closes the connections of one container in a shared namespace', async () => {
    const victim = await docker.run({
      script: `sleep 1000000 | /bin/busybox nc ${dbAddress} 3399`,
      network: `container:${web.name}`,
    });
    await until('its connection', () => json('ls', victim.name, '-t', '--json').sockets.length > 0);
    const { status, stdout } = cli('kill', web.name, '--netns', '--yes', `container ${victim.name}`);
    expect(status).toBe(0);
    expect(stdout).toContain('1 closed, 0 already closed, 0 refused');
    expect(json('ls', web.name, '-t', '--json', 'state established').sockets).toHaveLength(CONNECTIONS);
  });

  test('netstat prints the same as the original', () => {
    for (const flags of [['-tan'], ['-a'], ['-nape']]) {
      const real = execFileSync('nsenter', ['-t', String(web.pid), '-n', 'netstat', ...flags], { encoding: 'latin1' });
      expect(sortedLines(cli('netstat', web.name, ...flags).stdout)).toEqual(sortedLines(real));
    }
  });

  test('targets: id, id prefix, docker:NAME, several, all', () => {
    for (const target of [web.id, web.id.slice(0, 12), `docker:${web.name}`]) {
      expect(json('ls', target, '--json').target.id).toBe(web.id);
    }
    const both = json('ls', `${web.name},${db.name}`, '--json');
    expect(both.targets.map((one: { target: { id: string } }) => one.target.id)).toEqual([web.id, db.id]);
    const all = json('ls', 'all', '--by', 'state', '--json');
    const names = all.targets.flatMap((one: { target: { name: string } }) => one.target.name.split(','));
    expect(names).toEqual(expect.arrayContaining([web.name, db.name, sidecar.name, onHost.name]));
    const inodes = all.targets.map((one: { target: { netns: number } }) => one.target.netns);
    expect(new Set(inodes).size).toBe(inodes.length);
  });

  test("a user-defined network: the Engine's own DNS listeners are seen, and belong to it", async () => {
    const network = await docker.createNetwork();
    const { name, pid } = await docker.run({ network });
    const row = rowOf(name);
    expect(row.sockets.tcp).toBe(procRows(pid, 'tcp') + procRows(pid, 'tcp6'));
    const { sockets } = json('ls', name, '-tu', '--json');
    const dns = sockets.filter((socket: { local: { address: string } }) => socket.local.address === '127.0.0.11');
    expect(dns.length).toBe(2);
    for (const socket of dns) expect(socket.processes[0].name).toBe('dockerd');
  });

  test('a stopped container: status 3, and since when', async () => {
    const { id, name } = await docker.run();
    await docker.stop(id);
    const { status, stderr } = cli('ls', name);
    expect(status).toBe(3);
    expect(stderr).toMatch(/is not running; it stopped at \d{4}-/);
  });

  test('a prefix that matches several containers lists them', async () => {
    // Of 17 ids two begin with the same digit.
    const made = await Promise.all(Array.from({ length: 17 }, () => docker.create(docker.uniqueName())));
    const digits = made.map((id) => id.charAt(0));
    const digit = digits.find((one, index) => digits.indexOf(one) !== index) ?? '';
    const { status, stderr } = cli('ls', digit);
    expect(status).toBe(3);
    expect(stderr).toContain('matches several containers');
    for (const id of made.filter((one) => one.startsWith(digit))) expect(stderr).toContain(id.slice(0, 12));
  });

  test('a name that fits nothing: status 3', () => {
    const { status, stderr } = cli('ls', 'no-such-container');
    expect(status).toBe(3);
    expect(stderr).toMatch(/^socklens: no-such-container: no such container/);
  });

  test('netstat -c: status 3 when the container stops', async () => {
    const { id, name } = await docker.run();
    const [program = LAUNCHER, ...rest] = [...docker.asMachine, LAUNCHER, 'netstat', name, '-uxan', '-c'];
    const netstat = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    netstat.stdout.on('data', (text) => {
      stdout += text;
    });
    netstat.stderr.on('data', (text) => {
      stderr += text;
    });
    const closed = once(netstat, 'close');
    await until('the first round', () => stdout.includes('Active UNIX'));
    await docker.stop(id);
    const [status] = await closed;
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: `socklens: ${name}: it stopped while it was being read\n`,
    });
  });

  test('a container that stops before its sockets are read is reported as stopped, not as empty', async () => {
    const machine = localMachine({ ...process.env, ...env });
    const { id, name, pid } = await docker.run();
    const [handle] = await resolveTargets(machine, name);
    await docker.stop(id);
    await until('its end', () => !fs.existsSync(`/proc/${pid}`));
    if (handle === undefined) throw new Error('not found');
    const options = { query: everySocket(), processes: false, names: false };
    await expect(
      listSockets(new LiveNetns(machine, handle, () => takeInventory(machine)), options),
    ).rejects.toMatchObject({ kind: 'no-target' });
  });

  test("a PID that belongs to another process now is not shown as the container's", async () => {
    const machine = localMachine({ ...process.env, ...env });
    const [handle] = await resolveTargets(machine, web.name);
    if (handle?.startTicks === undefined) throw new Error('not found');
    const reused = { ...handle, startTicks: handle.startTicks - 1 };
    const options = { query: everySocket(), processes: false, names: false };
    await expect(
      listSockets(new LiveNetns(machine, reused, () => takeInventory(machine)), options),
    ).rejects.toMatchObject({ kind: 'no-target' });
  });

  test('without an Engine that can be reached, containers are found by the id of their cgroup', () => {
    const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const { status, stdout } = socklens(['ls', web.id.slice(0, 12), '-t', '--json'], nowhere);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).target).toMatchObject({ name: web.id.slice(0, 12), id: web.id });
    expect(socklens(['ps'], nowhere).stdout).toContain(web.id.slice(0, 12));
    expect(socklens(['ls', web.name], nowhere).status).toBe(3);
  });
}

async function address(docker: TestEngine, { id }: RunningContainer): Promise<string> {
  const inspected = (await docker.ask('GET', `/containers/${id}/json`)) as {
    NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  };
  return inspected.NetworkSettings.Networks.bridge?.IPAddress ?? '';
}
