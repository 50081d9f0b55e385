/** What tells where something runs. */
export interface PlatformFacts {
  /** As `Target.runtime`: `docker`, `podman`, `containerd`, `cri-o`, `ecs`, `kubernetes`, `pid`, `host`, `netns`. */
  runtime: string;
  /** The container's name. */
  name: string;
  /** Of the container; empty without one. */
  labels: Readonly<Record<string, string>>;
  /** Paths of `/proc/PID/cgroup` of its main process, every hierarchy's; empty where unknown. */
  cgroupPaths: readonly string[];
  /** The runtime's word for its network: `host`, `bridge`; undefined where unknown. */
  networkMode?: string | undefined;
  /** Its main process; undefined where there is none. */
  process?: { pid: number; name: string } | undefined;
}

/** What a container or process was started by, as far as settings for it are made in different places. */
export type Platform =
  /** `docker run`, or the Engine's API. */
  | { kind: 'docker'; name: string; hostNetwork: boolean }
  | { kind: 'compose'; project: string; service: string; files: readonly string[]; hostNetwork: boolean }
  | { kind: 'swarm'; service: string; hostNetwork: boolean }
  | EcsPlatform
  | {
      kind: 'kubernetes';
      namespace?: string;
      pod?: string;
      container?: string;
      /** `containerd`, `cri-o`, `docker`; `kubernetes` where the cgroup does not tell. */
      runtime: string;
      hostNetwork: boolean;
    }
  | { kind: 'podman'; name: string /** A unit that runs it, as with Quadlet. */; unit?: string; hostNetwork: boolean }
  /** containerd without Kubernetes: nerdctl, ctr. */
  | { kind: 'containerd'; name: string; hostNetwork: boolean }
  | { kind: 'systemd'; unit: string }
  | { kind: 'process'; pid: number; name: string };

export interface EcsPlatform {
  /** On an instance of one's own, or on Fargate. */
  kind: 'ecs-ec2' | 'ecs-fargate';
  /** Family of the task definition. */
  family?: string;
  /** The revision that runs. */
  revision?: string;
  /** Name of the container in the task definition. */
  container?: string;
  hostNetwork: boolean;
}

/** What a person calls it. */
export const PLATFORM_NAMES: Readonly<Record<Platform['kind'], string>> = {
  docker: 'docker run',
  compose: 'Docker Compose',
  swarm: 'Docker Swarm',
  'ecs-ec2': 'ECS on EC2',
  'ecs-fargate': 'ECS on Fargate',
  kubernetes: 'Kubernetes',
  podman: 'Podman',
  containerd: 'containerd',
  systemd: 'a systemd unit',
  process: 'a plain process',
};
