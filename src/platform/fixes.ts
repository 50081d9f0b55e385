import type { Platform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { composeFixes } from './compose.ts';
import { containerdFixes } from './containerd.ts';
import { dockerRunFixes } from './docker-run.ts';
import { ecsEc2Fixes, ecsFargateFixes } from './ecs.ts';
import { kubernetesFixes } from './kubernetes.ts';
import { processFixes, systemdFixes } from './outside.ts';
import { hostSysctl, type PlatformFixes } from './parts.ts';
import { podmanFixes } from './podman.ts';
import { swarmFixes } from './swarm.ts';

/**
 * How a resource limit is set durably, the place nearest to the container first.
 *
 * @param name without `RLIMIT_`, lower case: `nofile`
 * @param soft `Infinity` for unlimited
 * @param hard `Infinity` for unlimited
 */
export function limitFixes(platform: Platform, name: string, soft: number, hard: number): Fix[] {
  return fixesFor(platform).limit(platform, name, soft, hard);
}

/**
 * How a sysctl is set durably for what runs on a platform; one that no namespace has a copy of is
 * set on the host.
 */
export function sysctlFixes(platform: Platform, key: string, value: string): Fix[] {
  if (!isNamespaced(key)) return [hostSysctl(key, value, 'no container has its own copy of it')];
  return fixesFor(platform).sysctl(platform, key, value);
}

/** How the number of tasks (threads count) that a container may have is set durably. */
export function pidsLimitFixes(platform: Platform, max: number): Fix[] {
  return fixesFor(platform).pids(platform, max);
}

const BY_KIND: { [K in Platform['kind']]: PlatformFixes<Extract<Platform, { kind: K }>> } = {
  docker: dockerRunFixes,
  compose: composeFixes,
  swarm: swarmFixes,
  'ecs-ec2': ecsEc2Fixes,
  'ecs-fargate': ecsFargateFixes,
  kubernetes: kubernetesFixes,
  podman: podmanFixes,
  containerd: containerdFixes,
  systemd: systemdFixes,
  process: processFixes,
};

/** The table has for each kind what takes a platform of that kind, which the compiler cannot follow. */
function fixesFor(platform: Platform): PlatformFixes<Platform> {
  return BY_KIND[platform.kind] as PlatformFixes<Platform>;
}

/** Of `net.`, what belongs to the machine and not to a network namespace. */
const OF_THE_HOST =
  /^net\.(core\.(?!somaxconn$)|ipv4\.(tcp_mem|udp_mem|tcp_max_orphans|tcp_low_latency)$|netfilter\.nf_conntrack_(max|buckets|expect_max)$|nf_conntrack_max$)/;

/** Whether a container can have a value of its own: sysctls of the network and IPC namespaces. */
export function isNamespaced(key: string): boolean {
  if (key.startsWith('net.')) return !OF_THE_HOST.test(key);
  return /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/.test(key);
}
