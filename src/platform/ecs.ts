import type { EcsPlatform } from '../model/container/platform.ts';
import type { Fix } from '../model/finding/finding.ts';
import { hostNetworkSysctl, limitNumber, type PlatformFixes, shellWord, ulimitOption } from './parts.ts';

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

/** What DescribeTaskDefinition tells and RegisterTaskDefinition does not take. */
const ONLY_DESCRIBED =
  '.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy, .deregisteredAt';

/** The block of the container's definition; where labels name it, also the commands that register and deploy it. */
function ulimits(platform: EcsPlatform, name: string, soft: number, hard: number): Fix[] {
  const entry = { name, softLimit: limitNumber(soft), hardLimit: limitNumber(hard) };
  return [definition(platform, 'ulimits', [entry]), ...deploy(platform, entry)];
}

/** Commands for the running revision: everything but this limit stays as it is. Empty where labels do not name it. */
function deploy({ family, revision, container, cluster, task }: EcsPlatform, ulimit: { name: string }): Fix[] {
  if (family === undefined || container === undefined) return [];
  const aws = (verb: string, ...options: string[]) =>
    ['aws ecs', verb, ...(cluster === undefined ? [] : [`--cluster ${shellWord(cluster)}`]), ...options].join(' ');
  const running = shellWord(revision === undefined ? family : `${family}:${revision}`);
  const program =
    `(.containerDefinitions[] | select(.name == ${JSON.stringify(container)})).ulimits |= ` +
    `((. // []) | map(select(.name != ${JSON.stringify(ulimit.name)})) + [${JSON.stringify(ulimit)}]) | ` +
    `del(${ONLY_DESCRIBED})`;
  // Labels do not name the service: the group of a service's task is `service:NAME`.
  const service =
    task === undefined
      ? 'SERVICE'
      : `"$(${aws('describe-tasks', `--tasks ${shellWord(task)}`, "--query 'tasks[0].group'", '--output text')} | cut -d: -f2-)"`;
  return [
    {
      where: 'the AWS CLI and jq',
      text: `the same as commands: they take the task definition, change this limit of "${container}", register the new revision and update the service`,
      snippet: [
        `aws ecs describe-task-definition --task-definition ${running} --query taskDefinition | jq ${shellWord(program)} > task-definition.json`,
        'aws ecs register-task-definition --cli-input-json file://task-definition.json',
        aws('update-service', `--service ${service}`, `--task-definition ${shellWord(family)}`),
      ].join('\n'),
    },
  ];
}

function systemControls(platform: EcsPlatform, namespace: string, value: string): Fix {
  return definition(platform, 'systemControls', [{ namespace, value }]);
}

/** The ECS API's Ulimit and SystemControl, https://docs.aws.amazon.com/AmazonECS/latest/APIReference. */
export const ecsEc2Fixes: PlatformFixes<EcsPlatform> = {
  limit: (platform, name, soft, hard) => [
    ...ulimits(platform, name, soft, hard),
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
  limit: ulimits,
  sysctl: (platform, key, value) => [systemControls(platform, key, value)],
  pids: () => [
    {
      where: 'the application',
      text: 'Fargate has no setting for the number of tasks: use fewer threads and processes, or more containers',
    },
  ],
};
