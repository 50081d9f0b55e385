import type { EcsTask } from './ecs-task.ts';

/** Facts from which `platformOf` derives the {@link Platform}. */
export interface PlatformFacts {
  /** As `Target.runtime`: `docker`, `podman`, `containerd`, `cri-o`, `ecs`, `kubernetes`, `nspawn`, `lxc`, `lxd`, `incus`, `pid`, `host`, `netns`. */
  runtime: string;
  /** Name of the container. */
  name: string;
  /** Labels of the container; empty without one. */
  labels: Readonly<Record<string, string>>;
  /** Paths in `/proc/PID/cgroup` of its main process, of every hierarchy; empty where unknown. */
  cgroupPaths: readonly string[];
  /** Network mode as the runtime names it: `host`, `bridge`; undefined where unknown. */
  networkMode?: string | undefined;
  /** Names of the limits that its runtime declares for it; undefined where that is unknown. */
  declared?: readonly string[] | undefined;
  /** Its main process; undefined where there is none. */
  process?: { pid: number; name: string } | undefined;
}

/** What a container or process was started by: each kind has its own place for settings. */
export type Platform =
  /** `docker run`, or the Engine's API. */
  | { kind: 'docker'; name: string; hostNetwork: boolean }
  | {
      kind: 'compose';
      project: string;
      service: string;
      files: readonly string[];
      /** Made by `docker compose run`. */
      oneOff: boolean;
      hostNetwork: boolean;
    }
  | { kind: 'swarm'; service: string; hostNetwork: boolean }
  | EcsPlatform
  | {
      kind: 'kubernetes';
      namespace?: string;
      pod?: string;
      container?: string;
      /** `containerd`, `cri-o`, `docker`; `kubernetes` where the cgroup does not show it. */
      runtime: string;
      /** Limits in the specification of the container: of those, what the unit of its runtime has is not inherited. */
      specified?: readonly string[];
      hostNetwork: boolean;
    }
  | { kind: 'podman'; name: string /** A unit that runs it, as with Quadlet. */; unit?: string; hostNetwork: boolean }
  /** containerd without Kubernetes: nerdctl, ctr. */
  | { kind: 'containerd'; name: string; hostNetwork: boolean }
  | MachinePlatform
  | { kind: 'systemd'; unit: string }
  | { kind: 'process'; pid: number; name: string };

/** A machine: a container with a whole system inside, usually one that systemd runs. */
export interface MachinePlatform {
  kind: 'nspawn' | 'lxc' | 'lxd' | 'incus';
  name: string;
  /** The unit inside that its process belongs to; absent where it belongs to none. */
  unit?: string;
  hostNetwork: boolean;
}

/** Amazon ECS: its task, as far as labels tell. */
export interface EcsPlatform extends EcsTask {
  /** On an EC2 instance, or on Fargate. */
  kind: 'ecs-ec2' | 'ecs-fargate';
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
  nspawn: 'systemd-nspawn',
  lxc: 'LXC',
  lxd: 'LXD',
  incus: 'Incus',
  systemd: 'a systemd unit',
  process: 'a plain process',
};
