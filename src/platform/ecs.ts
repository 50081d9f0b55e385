import type { EcsPlatform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, limitNumber, type PlatformFixes, ulimitOption } from './parts.ts';

/** A field of the container's definition; it takes effect with a new revision. */
function definition(platform: EcsPlatform, field: string, entries: readonly unknown[]): Fix {
  const { family, revision, container } = platform;
  const which = family === undefined ? 'the task definition' : `task definition ${family}`;
  const running = revision === undefined ? '' : ` (revision ${revision} runs)`;
  const where = `${which}${running}, ${container === undefined ? 'containerDefinitions[]' : `container definition "${container}"`}`;
  const lines = entries.map((entry) => `  ${JSON.stringify(entry).replaceAll(',', ', ').replaceAll('":', '": ')}`);
  return {
    where,
    text: 'register a new revision with it, and let the service deploy that: running tasks keep what they have',
    snippet: `"${field}": [\n${lines.join(',\n')}\n]`,
  };
}

function ulimits(platform: EcsPlatform, name: string, soft: number, hard: number): Fix {
  return definition(platform, 'ulimits', [{ name, softLimit: limitNumber(soft), hardLimit: limitNumber(hard) }]);
}

function systemControls(platform: EcsPlatform, namespace: string, value: string): Fix {
  return definition(platform, 'systemControls', [{ namespace, value }]);
}

/** The ECS API's Ulimit and SystemControl, https://docs.aws.amazon.com/AmazonECS/latest/APIReference. */
export const ecsEc2Fixes: PlatformFixes<EcsPlatform> = {
  limit: (platform, name, soft, hard) => [
    ulimits(platform, name, soft, hard),
    {
      where: '/etc/sysconfig/docker on the container instance',
      text: 'for every task that declares nothing itself: part of OPTIONS there, best through the user data of new instances; restart the Engine',
      snippet: `--default-ulimit ${ulimitOption(name, soft, hard)}`,
    },
  ],
  sysctl: (platform, key, value) => [
    platform.hostNetwork ? hostNetworkSysctl(key, value) : systemControls(platform, key, value),
  ],
  pids: (_platform, max) => [
    {
      where: '/etc/ecs/ecs.config on the container instance',
      text: 'a task definition has no field for it: the agent sets it for every task of the instance; restart the agent',
      snippet: `ECS_TASK_PIDS_LIMIT=${max}`,
    },
  ],
};

/** Fargate has no host to set anything on. */
export const ecsFargateFixes: PlatformFixes<EcsPlatform> = {
  limit: (platform, name, soft, hard) => [ulimits(platform, name, soft, hard)],
  sysctl: (platform, key, value) => [systemControls(platform, key, value)],
  pids: () => [
    {
      where: 'the application',
      text: 'Fargate has no setting for the number of tasks: fewer threads and processes, or more containers',
    },
  ],
};
