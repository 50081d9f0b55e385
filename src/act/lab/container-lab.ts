import { Failure } from '../../model/failure.ts';
import { type ContainerRole, type ContainerRoles, officialRoles } from './container-roles.ts';
import { DockerCommand } from './docker-command.ts';

/** How the lab in containers is set. */
export interface ContainerLabOptions {
  /** Before the names of its containers: `lab` makes `lab-webhook-1`. */
  name: string;
  /** Of each receiver's pool: idle connections that are kept. */
  maxIdle: number;
  /** Of each receiver's pool: connections at most, `connectionLimit` of mysql2. */
  connectionLimit: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
  /** Connections that the database lets in. */
  maxConnections: number;
  /** How long a query takes, in milliseconds. */
  queryMs: number;
  /** Milliseconds until all of it must answer; images may have to be pulled before. */
  patienceMs: number;
}

/** What the founding incident had: a limit on the open connections that is far too high is none. */
const INCIDENT: ContainerLabOptions = {
  name: 'lab',
  maxIdle: 50,
  connectionLimit: 10_000,
  nofile: 1024,
  maxConnections: 151,
  queryMs: 50,
  patienceMs: 120_000,
};

/** As many servers as `lab/haproxy.cfg` has. */
const INSTANCES = 4;

/** Containers of a lab carry it, with the lab's name. */
const LABEL = 'socklens.lab';

/** The balancer holds two descriptors for each client. */
const BALANCER_NOFILE = 16_384;

/** A lab in containers that runs. */
export interface ContainerLab {
  /** Names of containers. */
  database: string;
  receivers: string[];
  balancer: string;
  /** Address of the balancer, which listens on port 80, as this machine reaches it. */
  balancerAddress: string;
  /** Removes the containers and their network. */
  stop(): Promise<void>;
}

/**
 * Starts the founding incident's parts as containers on a network of their own. What a lab of that
 * name has left behind is removed first: unlike processes, containers outlive who started them.
 *
 * @param roles what they run; the official images where it is left out
 * @param env tells which Engine, as the docker command takes it
 * @throws {Failure} `unsupported` where Docker refuses, `fault` when the lab does not answer in time
 */
export async function startContainerLab(
  options: Partial<ContainerLabOptions> = {},
  roles: ContainerRoles = officialRoles(),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ContainerLab> {
  const settings = { ...INCIDENT, ...options };
  const { name, nofile, maxConnections, patienceMs } = settings;
  const docker = new DockerCommand(env);
  const stop = () => removeLab(docker, name);
  /** @returns the container's address */
  const run = async (part: string, role: ContainerRole, limit: number, variables: object, args: string[] = []) => {
    const labels = ['--label', `${LABEL}=${name}`, '--network', name, '--ulimit', `nofile=${limit}:${limit}`];
    const set = Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    const what = [...labels, ...set, ...role.options, role.image, ...role.command, ...args];
    await docker.run('run', '--detach', '--name', `${name}-${part}`, ...what);
    const address = `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`;
    return docker.run('inspect', '--format', address, `${name}-${part}`);
  };

  await stop();
  try {
    if (roles.buildReceiver !== undefined) {
      await docker.run('build', '--quiet', '--tag', roles.receiver.image, roles.buildReceiver);
    }
    await docker.run('network', 'create', '--label', `${LABEL}=${name}`, name);
    const capped = [`--max-connections=${maxConnections}`];
    const database = await run('db', roles.database, BALANCER_NOFILE, {}, capped);
    const pool = { POOL_MAX_IDLE: settings.maxIdle, POOL_LIMIT: settings.connectionLimit, QUERY_MS: settings.queryMs };
    const instances: Record<string, string> = {};
    for (let index = 1; index <= INSTANCES; index++) {
      const variables = { DB_HOST: database, ...pool };
      instances[`WEBHOOK_${index}`] = await run(`webhook-${index}`, roles.receiver, nofile, variables);
    }
    const balancerAddress = await run('balancer', roles.balancer, BALANCER_NOFILE, instances);
    await answers(`http://${balancerAddress}/`, patienceMs);
    const receivers = Object.keys(instances).map((_, index) => `${name}-webhook-${index + 1}`);
    return { database: `${name}-db`, receivers, balancer: `${name}-balancer`, balancerAddress, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function removeLab(docker: DockerCommand, name: string): Promise<void> {
  const filter = ['--filter', `label=${LABEL}=${name}`, '--quiet'];
  const containers = await docker.run('ps', '--all', ...filter);
  if (containers !== '') await docker.run('rm', '--force', '--volumes', ...containers.split('\n'));
  const networks = await docker.run('network', 'ls', ...filter);
  if (networks !== '') await docker.run('network', 'rm', ...networks.split('\n'));
}

/** Waits until every instance has had its turn and all of them served. */
async function answers(url: string, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (let served = 0; served < 2 * INSTANCES; ) {
    const status = await fetch(url, { headers: { Connection: 'close' } }).then(
      (response) => response.text().then(() => response.status),
      () => 0,
    );
    served = status === 200 ? served + 1 : 0;
    if (performance.now() > deadline) {
      throw new Failure(
        'fault',
        `the lab's balancer does not serve in ${Math.round(patienceMs / 1000)} s (status ${status})`,
      );
    }
    if (served === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
