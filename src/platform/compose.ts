import {
  composeBlock,
  engineDefault,
  hostNetworkSysctl,
  limitNumber,
  type PlatformFixes,
  type PlatformOf,
  shellWord,
} from './parts.ts';

type Compose = PlatformOf<'compose'>;

function block(platform: Compose, lines: readonly string[]) {
  const { files, project, service, oneOff } = platform;
  const options = [...(project === '' ? [] : ['-p', project]), ...files.flatMap((file) => ['-f', file])];
  const verb = oneOff ? ['run', service] : ['up', '-d', service];
  const command = ['docker compose', ...[...options, ...verb].map(shellWord)].join(' ');
  return {
    where: files[0] ?? 'compose.yaml',
    text: oneOff
      ? `applies to the next \`${command}\`: this container is fixed at creation`
      : `then run \`${command}\`, which recreates the containers of the service`,
    snippet: composeBlock(service, lines),
  };
}

/** https://docs.docker.com/reference/compose-file/services: ulimits, sysctls, pids_limit. */
export const composeFixes: PlatformFixes<Compose> = {
  limit: (platform, name, soft, hard) => [
    block(platform, ['ulimits:', `  ${name}:`, `    soft: ${limitNumber(soft)}`, `    hard: ${limitNumber(hard)}`]),
    engineDefault(name, soft, hard),
  ],
  sysctl: (platform, key, value) => [
    platform.hostNetwork
      ? hostNetworkSysctl(key, value)
      : block(platform, ['sysctls:', `  ${key}: ${JSON.stringify(value)}`]),
  ],
  pids: (platform, max) => [block(platform, [`pids_limit: ${max}`])],
};
