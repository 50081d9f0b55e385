import type { EcsPlatform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, limitNumber, type PlatformFixes, ulimitOption } from './parts.ts';

/** A field of the container definition; it takes effect with a new revision. */
function definition(platform: EcsPlatform, field: string, entries: readonly unknown[]): Fix {
  const { family, revision, container } = platform;
  const which = family === undefined ? 'the task definition' : `task definition ${family}`;
  const running = revision === undefined ? '' : ` (revision ${revision} runs)`;
  const where = `${which}${running}, ${container === undefined ? 'containerDefinitions[]' : `container definition "${container}"`}`;
  const lines = entries.map((entry) => `  ${JSON.stringify(entry).replaceAll(',', ', ').replaceAll('":', '": ')}`);
  return {
    where,
    text: 'register a new revision and deploy it: running tasks do not change',
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
      text: 'default for every task that declares none: add it to OPTIONS, best in the user data of new instances; restart the Engine',
      snippet: `--default-ulimit ${ulimitOption(name, soft, hard)}`,
    },
  ],
  sysctl: (platform, key, value) => [
    platform.hostNetwork ? hostNetworkSysctl(key, value) : systemControls(platform, key, value),
  ],
  pids: (_platform, max) => [
    {
      where: '/etc/ecs/ecs.config on the container instance',
      text: 'a task definition has no field for it: set it for all tasks of the instance and restart the agent',
      snippet: `ECS_TASK_PIDS_LIMIT=${max}`,
    },
  ],
};

/** As {@link ecsEc2Fixes}, without settings of the host. */
export const ecsFargateFixes: PlatformFixes<EcsPlatform> = {
  limit: (platform, name, soft, hard) => [ulimits(platform, name, soft, hard)],
  sysctl: (platform, key, value) => [systemControls(platform, key, value)],
  pids: () => [
    {
      where: 'the application',
      text: 'Fargate has no setting for the number of tasks: use fewer threads and processes, or more containers',
    },
  ],
};
