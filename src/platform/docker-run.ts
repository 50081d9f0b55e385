import {
  engineDefault,
  hostNetworkSysctl,
  type PlatformFixes,
  type PlatformOf,
  shellWord,
  ulimitOption,
} from './parts.ts';

const AGAIN = 'a container keeps what it was made with: remove it and make it again';

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
      text: 'at once, and kept over restarts of this container; give it to `docker run` as well for the next one',
      snippet: `docker update --pids-limit ${max} ${shellWord(name)}`,
    },
  ],
};
