import type { Coverage } from '../sample/coverage.ts';

/**
 * Whether a runtime answers:
 *
 * * `running`: it answers
 * * `partly`: it does not, and its containers are known by other ways, without some of what it would tell
 * * `absent`: nothing listens there
 * * `denied`: its socket may not be used by this user
 * * `elsewhere`: its address is on another machine
 * * `silent`: no answer in time
 * * `nonsense`: what answers is not a runtime, or the runtime failed
 * * `unlisted`: no runtime lists these containers; their processes' cgroups name them
 */
export type RuntimeState =
  | 'running'
  | 'partly'
  | 'absent'
  | 'denied'
  | 'elsewhere'
  | 'silent'
  | 'nonsense'
  | 'unlisted';

/** A runtime, or containers without one. Its texts are not safe for a terminal. */
export interface RuntimeRow {
  /** `docker`, `podman`, `containerd`, `cri-o`, `ecs`: the one that answered, else what the address suggests. */
  runtime: string;
  /** `unix:///var/run/docker.sock`; absent for `unlisted`. */
  endpoint?: string;
  state: RuntimeState;
  /** As it says, `20.10.24`; absent where it says none. */
  version?: string;
  /** Running containers, without those that only hold a namespace; absent where they are not known. */
  containers?: number;
  /** Why it does not answer, in one line; absent where it does, and for `unlisted`. */
  error?: string;
}

/** The answer of `runtimes`. */
export interface RuntimeReport {
  takenAt: Date;
  /** In the order in which they are asked; then those without one. */
  runtimes: readonly RuntimeRow[];
  /** What this process may not do. */
  coverage: Coverage;
}
