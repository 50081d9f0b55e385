import type { Fix } from '../model/finding/finding.ts';
import {
  hostNetworkSysctl,
  limitNumber,
  type PlatformFixes,
  type PlatformOf,
  shellWord,
  ulimitOption,
  unitDropIn,
  unitLimit,
} from './parts.ts';

type Containerd = PlatformOf<'containerd'>;

/** What containerd's shims have is what containers without a declaration inherit. */
export function containerdUnit(name: string, soft: number, hard: number, before = ''): Fix {
  return unitDropIn(
    'containerd.service',
    unitLimit(name, soft, hard),
    `${before}what declares nothing itself inherits it; restart containerd, and make the containers again`,
  );
}

/** `ctr oci spec` prints a base to start from. */
export function baseSpec(name: string, soft: number, hard: number): Fix {
  const entry = `{"type": "RLIMIT_${name.toUpperCase()}", "soft": ${limitNumber(soft)}, "hard": ${limitNumber(hard)}}`;
  return {
    where: "containerd's base_runtime_spec",
    text: 'process.rlimits of the file that config.toml names there (`ctr oci spec` prints one to start from); restart containerd',
    snippet: `"rlimits": [\n  ${entry}\n]`,
  };
}

function run({ name }: Containerd, option: string): Fix {
  return {
    where: 'nerdctl run',
    text: 'a container keeps what it was made with: remove it and make it again',
    snippet: `nerdctl run --name ${shellWord(name)} ${option} …`,
  };
}

/** containerd without Kubernetes: nerdctl speaks Docker's options. */
export const containerdFixes: PlatformFixes<Containerd> = {
  limit: (platform, name, soft, hard) => [
    run(platform, `--ulimit ${ulimitOption(name, soft, hard)}`),
    containerdUnit(name, soft, hard),
  ],
  sysctl: (platform, key, value) => [
    platform.hostNetwork ? hostNetworkSysctl(key, value) : run(platform, `--sysctl ${shellWord(`${key}=${value}`)}`),
  ],
  pids: (platform, max) => [run(platform, `--pids-limit ${max}`)],
};
