import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { conmonSource } from '../../../src/collect/containers/conmon-source.ts';
import { ConmonTable } from '../../../src/collect/containers/conmon-table.ts';
import { ContainerStorage } from '../../../src/collect/containers/container-storage.ts';
import { CONMON } from '../../../src/procfs/conmon.ts';
import { dockerRuntimes } from '../../../src/runtimes/docker/docker-runtimes.ts';
import type { RuntimeBed, StartedContainer } from './contract.ts';
import { idPrefixOfTwo } from './docker-bed.ts';
import type { EngineBed, EngineContainerOptions } from './engine-contract.ts';
import { IMAGE, type TestPodman, type TestPodmans } from './podman.ts';

/** Rootful Podman under the contract of runtimes and that of Engines. Its service has to be started. */
export function rootfulBed({ root, asMachine }: TestPodmans): EngineBed {
  const env = { CONTAINER_HOST: `unix://${root.socket}`, DOCKER_HOST: `unix://${root.socket}` };
  let networks = 0;
  return {
    ...bedOf(root, [], `unix://${root.socket}`, { env, prefix: asMachine }),
    // libpod's list has the names of networks alone.
    listsHostNetwork: false,
    create: async (name) => root.podman('create', '--name', name, IMAGE, '/bin/busybox', 'true'),
    async createNetwork({ ipv4, ipv6 }) {
      const name = `slpnet-${process.pid}-${networks++}`;
      root.podman('network', 'create', '--disable-dns', '--subnet', ipv4, '--ipv6', '--subnet', ipv6, name);
      return name;
    },
  };
}

/** An ordinary user's Podman, as root sees it without any setting. Its service has to be started. */
export function rootlessBed({ user, hostPid, asMachine }: TestPodmans): RuntimeBed {
  // This process is outside the mount namespace that has the socket.
  const endpoint = `unix:///proc/${hostPid}/root${user.socket}`;
  // Without subordinate networks: slirp4netns takes /dev/net/tun.
  return bedOf(user, ['--network', 'none'], endpoint, { env: {}, prefix: asMachine });
}

/** Of names: several beds may use one Podman. */
let counter = 0;

/** Either Podman while its service does not run: its conmons and its storage are all that tells. */
export async function bedWithoutService(
  { root, user, asMachine }: TestPodmans,
  of: 'root' | 'user',
): Promise<RuntimeBed> {
  const podman = of === 'root' ? root : user;
  const bed = bedOf(podman, of === 'root' ? [] : ['--network', 'none'], '', { env: {}, prefix: asMachine });
  // A storage is found by its running containers.
  const { id } = await bed.run();
  return {
    ...bed,
    keepsStopped: false,
    isWithoutApi: true,
    prefixOfTwo: () => idPrefixOfTwo(async () => (await bed.run()).id),
    runtime() {
      const pids = () => execFileSync('pgrep', ['-x', CONMON], { encoding: 'utf8' }).trim().split('\n').map(Number);
      const table = new ConmonTable(pids, new ContainerStorage(), '/proc');
      for (const place of conmonSource(table).find(pids)) {
        const runtime = place.open();
        if (
          table.conmons().some((conmon) => conmon.id === id && runtime.endpoint === path.dirname(conmon.storage ?? ''))
        )
          return runtime;
      }
      throw new Error('no Podman');
    },
  };
}

function bedOf(
  podman: TestPodman,
  always: readonly string[],
  endpoint: string,
  view: RuntimeBed['view'],
): RuntimeBed<EngineContainerOptions> {
  const made = new Set<string>();
  const uniqueName = () => `slpod-${process.pid}-${counter++}`;
  const stop = async ({ id }: StartedContainer) => {
    podman.podman('stop', '--time', '0', id);
  };
  return {
    name: 'podman',
    keepsStopped: true,
    // Below the default: without CAP_SYS_RESOURCE limits cannot be raised.
    limits: { soft: 100, hard: 200 },
    view,
    runtime() {
      const [runtime] = dockerRuntimes({ DOCKER_HOST: endpoint, CONTAINER_HOST: endpoint }, '/nonexistent');
      if (runtime === undefined) throw new Error('no runtime');
      return runtime;
    },
    async run({ name = uniqueName(), script, labels, nofile, network, publish } = {}) {
      const options = [
        ...(network === undefined ? always : ['--network', network]),
        ...Object.entries(labels ?? {}).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
        ...(nofile === undefined
          ? []
          : ['--ulimit', `nofile=${nofile.soft}:${nofile.hard}`, '--ulimit', 'nproc=4096:4096']),
        ...Object.entries(publish ?? {}).flatMap(([port, host]) => ['--publish', `127.0.0.1:${host}:${port}`]),
      ];
      const { id, pid } = podman.run(name, options, script);
      made.add(id);
      return { id, name, pid };
    },
    stop,
    async again({ id, name }) {
      podman.podman('start', id);
      return { id, name, pid: Number(podman.podman('inspect', '--format', '{{.State.Pid}}', id)) };
    },
    async remove({ id }) {
      podman.podman('rm', id);
      made.delete(id);
    },
    prefixOfTwo: () =>
      idPrefixOfTwo(async () => {
        const id = podman.podman('create', IMAGE, '/bin/busybox', 'true');
        made.add(id);
        return id;
      }),
    async end() {
      // The last one first: it may be in the namespace of an earlier one.
      for (const id of [...made].reverse()) podman.podman('rm', '--force', '--time', '0', id);
      made.clear();
    },
  };
}
