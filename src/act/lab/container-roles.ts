import path from 'node:path';
import { containerFolder } from './container-files.ts';

/** The container of a part of the lab. */
export interface ContainerRole {
  image: string;
  /** Further options of `docker run`. */
  options: readonly string[];
  /** The command; empty for the image's own. */
  command: readonly string[];
}

/** The parts of the lab in containers. */
export interface ContainerRoles {
  database: ContainerRole;
  receiver: ContainerRole;
  balancer: ContainerRole;
  /** Folder with the Dockerfile of the receiver's image, which is built first; absent where the image exists. */
  buildReceiver?: string;
}

/** The official images, as `lab/compose.yaml` has them. */
export function officialRoles(): ContainerRoles {
  const folder = containerFolder();
  const config = `${path.join(folder, 'haproxy.cfg')}:/usr/local/etc/haproxy/haproxy.cfg:ro`;
  return {
    database: { image: 'mariadb:11.4', options: ['--env', 'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1'], command: [] },
    receiver: { image: 'socklens-lab-receiver', options: [], command: [] },
    // It binds port 80.
    balancer: { image: 'haproxy:3.0', options: ['--user', 'root', '--volume', config], command: [] },
    buildReceiver: path.join(folder, 'receiver'),
  };
}
