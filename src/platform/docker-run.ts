import {
  engineDefault,
  hostNetworkSysctl,
  type PlatformFixes,
  type PlatformOf,
  shellWord,
  ulimitOption,
} from './parts.ts';

const AGAIN = 'remove the container and create it again: this is fixed at creation';

/** A container of `docker run` or of the Engine's API. */
export const dockerRunFixes: PlatformFixes<PlatformOf<'docker'>> = {
  limit: ({ name }, limit, soft, hard) => [
    {
      where: 'docker run',
      text: AGAIN,
      snippet: `docker run --name ${shellWord(name)} --ulimit ${ulimitOption(limit, soft, hard)} …`,
    },
    engineDefault(limit, soft, hard),
  ],
  sysctl: ({ name, hostNetwork }, key, value) => [
    hostNetwork
      ? hostNetworkSysctl(key, value)
      : {
          where: 'docker run',
          text: AGAIN,
          snippet: `docker run --name ${shellWord(name)} --sysctl ${shellWord(`${key}=${value}`)} …`,
        },
  ],
  pids: ({ name }, max) => [
    {
      where: 'docker update',
      text: 'takes effect at once and survives restarts of this container; add the option to `docker run` too for the next one',
      snippet: `docker update --pids-limit ${max} ${shellWord(name)}`,
    },
  ],
};
