import type { Fix } from '../model/finding/finding.ts';
import { baseSpec, containerdUnit } from './containerd.ts';
import {
  hostNetworkSysctl,
  limitNumber,
  type PlatformFixes,
  type PlatformOf,
  ulimitOption,
  unitDropIn,
  unitLimit,
} from './parts.ts';

type Kubernetes = PlatformOf<'kubernetes'>;

/** Safe sysctls of Kubernetes: a pod can set them without configuration of the kubelet. */
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

function limitFixes({ runtime }: Kubernetes, name: string, soft: number, hard: number): Fix[] {
  const fixes: Fix[] = [
    {
      where: 'the pod',
      text: 'Kubernetes has no stable API for ulimits (KEP-5758 is a proposal): set them in the container runtime of each node',
    },
  ];
  if (runtime === 'cri-o') {
    fixes.push({
      where: '/etc/crio/crio.conf.d/ on every node',
      text: 'restart CRI-O; it applies to pods created afterwards',
      snippet: `[crio.runtime]\ndefault_ulimits = ["${ulimitOption(name, soft, hard)}"]`,
    });
  } else if (runtime === 'docker') {
    fixes.push(unitDropIn('docker.service', unitLimit(name, soft, hard), 'on every node; restart the Engine'));
  } else fixes.push(containerdUnit(name, soft, hard, 'on every node: '), baseSpec(name, soft, hard));
  if (name === 'nofile') fixes.push(entrypoint(hard));
  return fixes;
}

/** A fix without privileges: a process can raise its soft limit up to the hard one. */
function entrypoint(hard: number): Fix {
  return {
    where: "the container's command",
    text: `raises the soft limit to the hard limit, which needs no privilege; enough where the hard limit is at least ${limitNumber(hard)}`,
    snippet: 'command: ["sh", "-c", "ulimit -n \\"$(ulimit -Hn)\\" && exec \\"$@\\"", "sh", …]',
  };
}

/** https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster and …/concepts/policy/pid-limiting. */
export const kubernetesFixes: PlatformFixes<Kubernetes> = {
  limit: limitFixes,
  sysctl: ({ hostNetwork }, key, value) => {
    if (hostNetwork) return [hostNetworkSysctl(key, value)];
    const safe = SAFE_SYSCTLS.includes(key);
    const pod: Fix = {
      where: 'the pod, spec.securityContext',
      text: safe
        ? 'a safe sysctl (the newest since Kubernetes 1.32): any pod can set it'
        : 'an unsafe sysctl: allow it in the kubelet of the node first',
      snippet: `securityContext:\n  sysctls:\n    - name: ${key}\n      value: ${JSON.stringify(value)}`,
    };
    const kubelet: Fix = {
      where: "the kubelet's configuration on every node that can run the pod",
      text: 'restart the kubelet; a node without this setting rejects the pod',
      snippet: `allowedUnsafeSysctls:\n  - ${key}`,
    };
    return safe ? [pod] : [kubelet, pod];
  },
  pids: (_platform, max) => [
    {
      where: "the kubelet's configuration on every node",
      text: 'a pod has no field for it: set it for all pods of the node and restart the kubelet',
      snippet: `podPidsLimit: ${max}`,
    },
  ],
};
