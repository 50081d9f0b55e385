import { Failure } from '../../model/failure.ts';
import { type ContainerRole, type ContainerRoles, officialRoles } from './container-roles.ts';
import { DockerCommand } from './docker-command.ts';

/** Settings of the lab in containers. */
export interface ContainerLabOptions {
  /** Prefix of the containers' names: `lab` gives `lab-webhook-1`. */
  name: string;
  /** Largest number of idle connections in each receiver's pool. */
  maxIdle: number;
  /** Largest number of connections in each receiver's pool, `connectionLimit` of mysql2. */
  connectionLimit: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
  /** Connections that the database accepts. */
  maxConnections: number;
  /** How long a query takes, in milliseconds. */
  queryMs: number;
  /** How long the lab may take to answer after its containers were started, milliseconds. */
  patienceMs: number;
}

/** Settings of the incident. Its limit on open connections is too high to have an effect. */
const INCIDENT: ContainerLabOptions = {
  name: 'lab',
  maxIdle: 50,
  connectionLimit: 10_000,
  nofile: 1024,
  maxConnections: 151,
  queryMs: 50,
  patienceMs: 120_000,
};

/** Number of receivers: the servers in `lab/haproxy.cfg`. */
const INSTANCES = 4;

/** Label of a lab's containers and network; its value is the lab's name. */
const LABEL = 'socklens.lab';

/** Limit of open files of the balancer, which needs two descriptors for each client. */
const BALANCER_NOFILE = 16_384;

/** A running lab in containers. */
export interface ContainerLab {
  /** Name of the database's container. */
  database: string;
  /** Names of the receivers' containers. */
  receivers: string[];
  /** Name of the balancer's container. */
  balancer: string;
  /** Address at which this machine reaches the balancer; it listens on port 80. */
  balancerAddress: string;
  /** Removes the containers and their network. */
  stop(): Promise<void>;
}

/**
 * Starts the parts of the incident as containers on a network of their own. Removes the containers and the network of
 * an earlier lab of the same name first: containers outlive the process that started them.
 *
 * @param roles images and commands; the official images by default
 * @param env environment of the docker command, which selects the Engine
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
    const databaseArgs = [`--max-connections=${maxConnections}`];
    const database = await run('db', roles.database, BALANCER_NOFILE, {}, databaseArgs);
    const pool = { POOL_MAX_IDLE: settings.maxIdle, POOL_LIMIT: settings.connectionLimit, QUERY_MS: settings.queryMs };
    const instances: Record<string, string> = {};
    for (let index = 1; index <= INSTANCES; index++) {
      const variables = { DB_HOST: database, ...pool };
      instances[`WEBHOOK_${index}`] = await run(`webhook-${index}`, roles.receiver, nofile, variables);
    }
    const balancerAddress = await run('balancer', roles.balancer, BALANCER_NOFILE, instances);
    await untilServing(`http://${balancerAddress}/`, patienceMs);
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

/** Waits until the balancer has answered two rounds over all instances without an error. */
async function untilServing(url: string, patienceMs: number): Promise<void> {
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
        `the lab's balancer did not answer with status 200 within ${Math.round(patienceMs / 1000)} s (last status ${status})`,
      );
    }
    if (served === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
