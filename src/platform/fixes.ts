import type { Platform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { composeFixes } from './compose.ts';
import { containerdFixes } from './containerd.ts';
import { dockerRunFixes } from './docker-run.ts';
import { ecsEc2Fixes, ecsFargateFixes } from './ecs.ts';
import { kubernetesFixes } from './kubernetes.ts';
import { machineFixes } from './machine.ts';
import { processFixes, systemdFixes } from './outside.ts';
import { hostSysctl, type PlatformFixes, type PlatformOf } from './parts.ts';
import { podmanFixes } from './podman.ts';
import { swarmFixes } from './swarm.ts';

/**
 * How to set a resource limit permanently, the most specific place first.
 *
 * @param name without `RLIMIT_`, lower case: `nofile`
 * @param soft `Infinity` for unlimited
 * @param hard `Infinity` for unlimited
 */
export function limitFixes(platform: Platform, name: string, soft: number, hard: number): Fix[] {
  return fixesFor(platform).limit(platform, name, soft, hard);
}

/**
 * How to set a sysctl permanently; one that is not namespaced is set on the host.
 */
export function sysctlFixes(platform: Platform, key: string, value: string): Fix[] {
  if (!isNamespaced(key)) return [hostSysctl(key, value, 'no container has its own value')];
  return fixesFor(platform).sysctl(platform, key, value);
}

/** How to set the limit of tasks (processes and threads) of a container permanently. */
export function pidsLimitFixes(platform: Platform, max: number): Fix[] {
  return fixesFor(platform).pids(platform, max);
}

const BY_KIND: { [K in Platform['kind']]: PlatformFixes<PlatformOf<K>> } = {
  docker: dockerRunFixes,
  compose: composeFixes,
  swarm: swarmFixes,
  'ecs-ec2': ecsEc2Fixes,
  'ecs-fargate': ecsFargateFixes,
  kubernetes: kubernetesFixes,
  podman: podmanFixes,
  containerd: containerdFixes,
  nspawn: machineFixes,
  lxc: machineFixes,
  lxd: machineFixes,
  incus: machineFixes,
  systemd: systemdFixes,
  process: processFixes,
};

/** The type assertion is safe: the entry of a kind takes platforms of that kind. */
function fixesFor(platform: Platform): PlatformFixes<Platform> {
  return BY_KIND[platform.kind] as PlatformFixes<Platform>;
}

/** Sysctls below `net.` that are not namespaced. */
const OF_THE_HOST =
  /^net\.(core\.(?!somaxconn$)|ipv4\.(tcp_mem|udp_mem|tcp_max_orphans|tcp_low_latency)$|netfilter\.nf_conntrack_(max|buckets|expect_max)$|nf_conntrack_max$)/;

/** Whether a sysctl belongs to the network or IPC namespace, so that a container can have its own value. */
export function isNamespaced(key: string): boolean {
  if (key.startsWith('net.')) return !OF_THE_HOST.test(key);
  return /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/.test(key);
}
