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

/** Kubernetes' list of safe sysctls: these a pod may set without anybody's leave. */
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
      text: 'no stable API of Kubernetes sets a ulimit (KEP-5758 is a proposal): containers get what the runtime of their node gives',
    },
  ];
  if (runtime === 'cri-o') {
    fixes.push({
      where: '/etc/crio/crio.conf.d/ on every node',
      text: 'restart CRI-O; pods that are made from then on have it',
      snippet: `[crio.runtime]\ndefault_ulimits = ["${ulimitOption(name, soft, hard)}"]`,
    });
  } else if (runtime === 'docker') {
    fixes.push(unitDropIn('docker.service', unitLimit(name, soft, hard), 'on every node; restart the Engine'));
  } else fixes.push(containerdUnit(name, soft, hard, 'on every node: '), baseSpec(name, soft, hard));
  if (name === 'nofile') fixes.push(entrypoint(hard));
  return fixes;
}

/** What needs nobody's leave: a process may raise its soft limit up to its hard one. */
function entrypoint(hard: number): Fix {
  return {
    where: "the container's command",
    text: `raises the soft limit to the hard one, which needs no privilege and is enough where the hard one is (${limitNumber(hard)} or more)`,
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
        ? 'a safe sysctl (the newest of them since Kubernetes 1.32): every pod may set it'
        : 'an unsafe sysctl: the kubelet of its node has to allow it first',
      snippet: `securityContext:\n  sysctls:\n    - name: ${key}\n      value: ${JSON.stringify(value)}`,
    };
    const kubelet: Fix = {
      where: "the kubelet's configuration on every node that may run it",
      text: 'restart the kubelet; a pod on a node without it is rejected',
      snippet: `allowedUnsafeSysctls:\n  - ${key}`,
    };
    return safe ? [pod] : [kubelet, pod];
  },
  pids: (_platform, max) => [
    {
      where: "the kubelet's configuration on every node",
      text: 'a pod has no field for it: the kubelet sets it for all pods of its node; restart it',
      snippet: `podPidsLimit: ${max}`,
    },
  ],
};
