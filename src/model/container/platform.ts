/** Facts from which `platformOf` derives the {@link Platform}. */
export interface PlatformFacts {
  /** As `Target.runtime`: `docker`, `podman`, `containerd`, `cri-o`, `ecs`, `kubernetes`, `pid`, `host`, `netns`. */
  runtime: string;
  /** Name of the container. */
  name: string;
  /** Labels of the container; empty without one. */
  labels: Readonly<Record<string, string>>;
  /** Paths in `/proc/PID/cgroup` of its main process, of every hierarchy; empty where unknown. */
  cgroupPaths: readonly string[];
  /** Network mode as the runtime names it: `host`, `bridge`; undefined where unknown. */
  networkMode?: string | undefined;
  /** Its main process; undefined where there is none. */
  process?: { pid: number; name: string } | undefined;
}

/** What a container or process was started by: each kind has its own place for settings. */
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
      /** `containerd`, `cri-o`, `docker`; `kubernetes` where the cgroup does not show it. */
      runtime: string;
      hostNetwork: boolean;
    }
  | { kind: 'podman'; name: string /** A unit that runs it, as with Quadlet. */; unit?: string; hostNetwork: boolean }
  /** containerd without Kubernetes: nerdctl, ctr. */
  | { kind: 'containerd'; name: string; hostNetwork: boolean }
  | { kind: 'systemd'; unit: string }
  | { kind: 'process'; pid: number; name: string };

/** Amazon ECS. Absent fields are unknown. */
export interface EcsPlatform {
  /** On an EC2 instance, or on Fargate. */
  kind: 'ecs-ec2' | 'ecs-fargate';
  /** Family of the task definition. */
  family?: string;
  /** Revision of the running task. */
  revision?: string;
  /** Name of the container in the task definition. */
  container?: string;
  hostNetwork: boolean;
}

/** Name of each kind for texts. */
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
