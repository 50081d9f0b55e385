/**
 * What the lab's containers run where no image can be pulled: MariaDB and HAProxy from Debian, which
 * the containers see of the host, and the receiver of `lab/receiver` with the mysql2 of this checkout.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ContainerRoles } from '../../src/act/lab/container-roles.ts';
import { nodeProgram } from './netns.ts';

const LAB = path.resolve(import.meta.dirname, '../../lab');

/** MariaDB's `extra-port`: accepts a connection while the pools hold all regular ones. */
export const EXTRA_PORT = 3307;

/** Why they cannot run here; undefined when they can. */
export function rolesMissing(): string | undefined {
  for (const program of ['mariadbd', 'mariadb', 'haproxy', 'docker']) {
    try {
      execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]);
    } catch {
      return `no ${program} (Debian: mariadb-server-core, mariadb-client-core, haproxy, docker.io)`;
    }
  }
  return undefined;
}

/** @param image an almost empty image */
export function hostRoles(image: string): ContainerRoles {
  const driver = path.dirname(path.dirname(createRequire(import.meta.url).resolve('mysql2/package.json')));
  const node = fs.realpathSync(nodeProgram());
  const host = ['/usr', '/lib', '/lib64', '/bin', '/sbin', '/etc'].filter((folder) => fs.existsSync(folder));
  const role = (mounts: readonly string[], command: readonly string[]) => ({
    image,
    options: [
      ...mounts.flatMap((mount) => ['--volume', `${mount}:ro`]),
      ...host.flatMap((folder) => ['--volume', `${folder}:${folder}:ro`]),
      '--tmpfs',
      '/tmp',
      '--tmpfs',
      '/run',
    ],
    command,
  });
  const options = ['--no-defaults', '--user=root', '--datadir=/tmp', '--socket=/tmp/socket'];
  const small = ['--innodb-buffer-pool-size=32M', '--innodb-log-file-size=8M', '--skip-name-resolve'];
  const open = ['--bind-address=0.0.0.0', `--extra-port=${EXTRA_PORT}`, '--skip-grant-tables'];
  return {
    database: role([], ['/usr/sbin/mariadbd', ...options, ...small, ...open]),
    receiver: role(
      [`${LAB}/receiver:/app`, `${driver}:/node_modules`, `${node}:/node`],
      ['/node', '/app/receiver.cjs'],
    ),
    balancer: role([`${LAB}/haproxy.cfg:/haproxy.cfg`], ['/usr/sbin/haproxy', '-db', '-f', '/haproxy.cfg']),
  };
}
