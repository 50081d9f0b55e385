/**
 * The lab in real containers: MariaDB and HAProxy from Debian, the receiver of `lab/receiver` on
 * mysql2. No image can be pulled where tests run, so the containers see the host's programs.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { RunningContainer, TestEngine } from './engine.ts';
import { nodeProgram, until } from './netns.ts';

const LAB = path.resolve(import.meta.dirname, '../../lab');

/** What is set on the receivers. */
export interface DockerLabOptions {
  maxIdle: number;
  /** `connectionLimit` of the pool. */
  connectionLimit: number;
  nofile: number;
  maxConnections: number;
  queryMs: number;
}

/** Containers that run. */
export interface DockerLab {
  db: RunningContainer;
  /** webhook-1 to webhook-4. */
  receivers: RunningContainer[];
  balancer: RunningContainer;
  /** Where the load goes: port 80. */
  balancerAddress: string;
  /** A value of MariaDB's SHOW GLOBAL STATUS. */
  status(name: string): number;
  remove(): Promise<void>;
}

/** Why it cannot run here; undefined when it can. */
export function dockerLabMissing(): string | undefined {
  for (const program of ['mariadbd', 'mariadb', 'haproxy']) {
    try {
      execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]);
    } catch {
      return `there is no ${program} (Debian: mariadb-server-core, mariadb-client-core, haproxy)`;
    }
  }
  return undefined;
}

export async function startDockerLab(docker: TestEngine, options: DockerLabOptions): Promise<DockerLab> {
  const network = await docker.createNetwork();
  const made: RunningContainer[] = [];
  const run = async (role: string, script: string, nofile: number, mounts: string[] = [], env = '') => {
    const container = await docker.run({
      name: docker.uniqueName(`sllab-${role}`),
      network,
      script: `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${env} exec ${script}`,
      ulimits: [{ Name: 'nofile', Soft: nofile, Hard: nofile }],
      hostConfig: { Binds: [...hostFolders(), ...mounts], Tmpfs: { '/tmp': '', '/run': '' } },
    });
    made.push(container);
    return container;
  };

  const mariadb =
    '/usr/sbin/mariadbd --no-defaults --user=root --datadir=/tmp --socket=/tmp/socket --skip-grant-tables';
  const small = '--innodb-buffer-pool-size=32M --innodb-log-file-size=8M --skip-name-resolve --skip-log-bin';
  const open = `--bind-address=0.0.0.0 --max-connections=${options.maxConnections}`;
  const db = await run('db', `${mariadb} ${small} ${open}`, 16384);
  const status = (name: string) => {
    const socket = `/proc/${db.pid}/root/tmp/socket`;
    const question = `SHOW GLOBAL STATUS LIKE '${name}'`;
    const args = ['--no-defaults', `--socket=${socket}`, '--batch', '--skip-column-names', '-e', question];
    return Number(
      execFileSync('mariadb', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\t')[1],
    );
  };
  await until('MariaDB to answer', () => answers(() => status('Uptime')), 60_000);

  const dbAddress = await addressOf(docker, db, network);
  const driver = path.dirname(path.dirname(createRequire(import.meta.url).resolve('mysql2/package.json')));
  const mounts = [`${LAB}/receiver:/app:ro`, `${driver}:/node_modules:ro`, `${nodeFile()}:/node:ro`];
  const { maxIdle, connectionLimit, queryMs } = options;
  const env = `DB_HOST=${dbAddress} POOL_MAX_IDLE=${maxIdle} POOL_LIMIT=${connectionLimit} QUERY_MS=${queryMs}`;
  const receivers: RunningContainer[] = [];
  for (let index = 1; index <= 4; index++) {
    receivers.push(await run(`webhook-${index}`, '/node /app/receiver.cjs', options.nofile, mounts, env));
  }
  const addresses = await Promise.all(receivers.map((receiver) => addressOf(docker, receiver, network)));
  const instances = addresses.map((address, index) => `WEBHOOK_${index + 1}=${address}`).join(' ');
  const config = [`${LAB}/haproxy.cfg:/haproxy.cfg:ro`];
  const balancer = await run('balancer', '/usr/sbin/haproxy -db -f /haproxy.cfg', 16384, config, instances);
  const balancerAddress = await addressOf(docker, balancer, network);
  const served = () =>
    fetch(`http://${balancerAddress}/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the balancer to answer', served, 60_000);
  return {
    ...{ db, receivers, balancer, balancerAddress, status },
    remove: async () => {
      await Promise.all(made.map(({ id }) => docker.remove(id)));
    },
  };
}

async function addressOf(docker: TestEngine, { id }: RunningContainer, network: string): Promise<string> {
  const { NetworkSettings } = (await docker.ask('GET', `/containers/${id}/json`)) as {
    NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  };
  return NetworkSettings.Networks[network]?.IPAddress ?? '';
}

function hostFolders(): string[] {
  const folders = ['/usr', '/lib', '/lib64', '/bin', '/sbin', '/etc'].filter((folder) => fs.existsSync(folder));
  return folders.map((folder) => `${folder}:${folder}:ro`);
}

/** The program itself: its folder may be anywhere on the host. */
function nodeFile(): string {
  return fs.realpathSync(nodeProgram());
}

function answers(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch {
    return false;
  }
}
