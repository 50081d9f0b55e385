/** A private Engine does not change the machine, and leaves nothing behind, however it stops. */
import fs from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { type OwnEngine, type RunningContainer, startOwnEngine, testEngine } from '../support/engine.ts';
import { type HeldNamespaces, holdNamespaces, netnsOf } from '../support/namespace-traces.ts';
import { isRunning } from '../support/private-processes.ts';
import { readHostState } from '../support/read-host-state.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: a private Engine', describeOwn);

function describeOwn(): void {
  let own: OwnEngine | undefined;
  let held: HeldNamespaces | undefined;
  afterEach(async () => {
    await own?.stop();
    own = undefined;
    held?.release();
    held = undefined;
  });

  /** A started Engine with a container on each kind of network, and the namespaces of all of them. */
  async function start(...options: string[]) {
    own = await startOwnEngine(options);
    const { docker } = own;
    const containers = [
      await docker.run({ network: 'host' }),
      await docker.run({ publish: { '80/tcp': 0 }, script: 'exec /bin/busybox httpd -f -p 80' }),
      await docker.run({ network: await docker.createNetwork() }),
    ];
    held = holdNamespaces([docker.hostPid, ...containers.map(({ pid }) => pid)]);
    return { own, containers, namespaces: held };
  }

  function expectNothingLeft(containers: readonly RunningContainer[], namespaces: HeldNamespaces): void {
    expect(containers.filter(({ pid }) => isRunning(pid))).toEqual([]);
    expect(namespaces.traces()).toEqual([]);
    const cgroups = containers.map(({ id }) => `/docker/${id}`);
    expect(
      cgroups.filter((cgroup) =>
        fs.readdirSync('/sys/fs/cgroup').some((name) => fs.existsSync(`/sys/fs/cgroup/${name}${cgroup}`)),
      ),
    ).toEqual([]);
  }

  test("its bridges, links and mounts are not the machine's", async () => {
    const { own, containers, namespaces } = await start();
    const { docker } = own;
    expect(namespaces.inodes).not.toContain(netnsOf(process.pid));
    // `--network host` is the Engine's namespace.
    expect(netnsOf(containers[0]?.pid ?? 0)).toBe(netnsOf(docker.hostPid));
    const state = readHostState();
    const folder = docker.endpoint.replace('unix://', '').replace('/docker.sock', '');
    expect(state.mounts.filter((mount) => mount.includes(folder))).toEqual([]);
    const inside = fs.readFileSync(`/proc/${docker.hostPid}/net/dev`, 'latin1');
    const links = [...inside.matchAll(/^ *((?:veth|br-)\w+):/gm)].map(([, name]) => name);
    expect(links.length).toBeGreaterThan(2);
    const ours = [...state.links, ...state.bridges].map((line) => line.split(' ')[0]);
    expect(links.filter((name) => ours.includes(name))).toEqual([]);
    await own.stop();
    expectNothingLeft(containers, namespaces);
    expect(fs.existsSync(folder)).toBe(false);
  });

  test('killed with --live-restore: its containers are killed with its namespaces', async () => {
    const { own, containers, namespaces } = await start('--live-restore');
    process.kill(own.daemonPid() ?? 0, 'SIGKILL');
    await own.stop();
    expectNothingLeft(containers, namespaces);
  });
}
