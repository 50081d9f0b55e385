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
    text: 'on a manager; the tasks are replaced one after the other. A stack file wants the same, or the next deploy takes it back',
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
