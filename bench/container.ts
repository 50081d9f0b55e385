import { execFileSync } from 'node:child_process';
import { startOwnEngine, type TestEngine } from '../test/support/engine.ts';
import { alternate } from './alternate.ts';
import { BEFORE, candidates, environment, ONE_FILE, run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';

const ROUNDS = 25;
const CONTAINERS = 10;
const BUSYBOX = '/bin/busybox';
/** Listens on three ports. */
const SCRIPT = `for port in 81 82; do ${BUSYBOX} nc -l -p $port & done; exec ${BUSYBOX} nc -l -p 80`;

/**
 * What is asked about containers, against the `docker` command: ten containers of an Engine that has no others. Docker's
 * client and socklens find it by DOCKER_HOST.
 */
export async function commandsOnContainers(): Promise<Result[]> {
  const why = missing();
  if (why !== undefined) return [{ title: 'Commands on containers', why }];
  const engine = await startOwnEngine([]);
  const before = process.env.DOCKER_HOST;
  try {
    process.env.DOCKER_HOST = engine.docker.endpoint;
    const names: string[] = [];
    for (let index = 0; index < CONTAINERS; index++) names.push(await startContainer(engine.docker));
    const [name = ''] = names;
    return [
      ...(await netstatOfContainer(name)),
      ...(await overviewOfContainers()),
      ...(await completionOfNames()),
      ...(await overviewAgainstBefore()),
    ];
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await engine.stop();
  }
}

async function startContainer(docker: TestEngine): Promise<string> {
  const { name } = await docker.run({ script: SCRIPT });
  return name;
}

/** `netstat CONTAINER -tan` against asking the Engine for the PID and entering its namespace. */
async function netstatOfContainer(container: string): Promise<Result[]> {
  const inspectAndEnter = async () => {
    const { ms, head } = await run('docker', ['inspect', '--format', '{{.State.Pid}}', container]);
    return ms + (await timed('nsenter', ['--target', head.trim(), '--net', '--', 'netstat', '-tan']));
  };
  const results: Result[] = [];
  for (const { program, name, bar } of candidates(1.7, 0.75)) {
    const pair = await alternate(() => timed(program, ['netstat', container, '-tan']), inspectAndEnter, ROUNDS, 3);
    const title = `A container with few sockets: netstat -tan, ${name}`;
    results.push({
      title,
      ours: `${name} netstat NAME -tan`,
      theirs: 'docker inspect, then nsenter … netstat',
      pair,
      bar,
    });
  }
  return results;
}

/** `ps` against `docker ps`. */
async function overviewOfContainers(): Promise<Result[]> {
  const pair = await alternate(
    () => timed(ONE_FILE, ['ps']),
    () => timed('docker', ['ps']),
    ROUNDS,
    3,
  );
  return [{ title: `${CONTAINERS} containers: ps`, ours: 'one file ps', theirs: 'docker ps', pair, bar: 2.5 }];
}

/** What a TAB after `socklens ls ` costs, against the shortest list of Docker. */
async function completionOfNames(): Promise<Result[]> {
  const pair = await alternate(
    () => timed(ONE_FILE, ['__complete', 'zsh', 'ls', '']),
    () => timed('docker', ['ps', '-q']),
    ROUNDS,
    3,
  );
  const title = `${CONTAINERS} containers: completion of their names`;
  return [{ title, ours: 'one file: TAB', theirs: 'docker ps -q', pair, bar: 2 }];
}

/** `ps` on a host with Docker alone against another build's: what is known of other runtimes costs nothing there. */
async function overviewAgainstBefore(before = BEFORE): Promise<Result[]> {
  if (before === undefined) return [];
  const pair = await alternate(
    () => timed(SOCKLENS, ['ps']),
    () => timed(before, ['ps']),
    ROUNDS,
    3,
  );
  return [
    {
      title: `${CONTAINERS} containers, Docker alone: ps`,
      ours: 'socklens ps',
      theirs: 'the build of before',
      pair,
      bar: 1.05,
    },
  ];
}

/** @returns the reason why there can be no container here; undefined when there can */
function missing(): string | undefined {
  for (const program of ['docker', 'dockerd']) {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore', env: environment() });
    } catch {
      return `${program} is missing; on Debian: apt-get install docker.io`;
    }
  }
  return undefined;
}
