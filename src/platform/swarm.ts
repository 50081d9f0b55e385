import {
  engineDefault,
  hostNetworkSysctl,
  type PlatformFixes,
  type PlatformOf,
  shellWord,
  ulimitOption,
} from './parts.ts';

type Swarm = PlatformOf<'swarm'>;

function update({ service }: Swarm, option: string) {
  return {
    where: 'docker service update',
    text: 'run it on a manager: it replaces the tasks one by one. Change the stack file too, or the next deploy reverts it',
    snippet: `docker service update ${option} ${shellWord(service)}`,
  };
}

/** Options of `docker service update`, Docker 20.10 and later. */
export const swarmFixes: PlatformFixes<Swarm> = {
  limit: (platform, name, soft, hard) => [
    update(platform, `--ulimit-add ${ulimitOption(name, soft, hard)}`),
    engineDefault(name, soft, hard),
  ],
  sysctl: (platform, key, value) => [
    platform.hostNetwork
      ? hostNetworkSysctl(key, value)
      : update(platform, `--sysctl-add ${shellWord(`${key}=${value}`)}`),
  ],
  pids: (platform, max) => [update(platform, `--limit-pids ${max}`)],
};
