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

/** Sets a limit for containerd, which its shims and containers that declare none inherit. */
export function containerdUnit(name: string, soft: number, hard: number, before = ''): Fix {
  return unitDropIn(
    'containerd.service',
    unitLimit(name, soft, hard),
    `${before}containers that declare none inherit it; restart containerd and recreate the containers`,
  );
}

/** Sets a limit in the base spec of containerd's containers. */
export function baseSpec(name: string, soft: number, hard: number): Fix {
  const entry = `{"type": "RLIMIT_${name.toUpperCase()}", "soft": ${limitNumber(soft)}, "hard": ${limitNumber(hard)}}`;
  return {
    where: "containerd's base_runtime_spec",
    text: 'set process.rlimits in the file that this option of the runtime in config.toml names (`ctr oci spec` prints a template): it wins over what containers inherit; restart containerd and recreate the containers',
    snippet: `"rlimits": [\n  ${entry}\n]`,
  };
}

function run({ name }: Containerd, option: string): Fix {
  return {
    where: 'nerdctl run',
    text: 'remove the container and create it again: this is fixed at creation',
    snippet: `nerdctl run --name ${shellWord(name)} ${option} …`,
  };
}

/** containerd without Kubernetes: nerdctl has the options of Docker. */
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
