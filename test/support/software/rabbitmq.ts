import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of RabbitMQ. */
export interface RabbitmqOptions {
  /** Default 5672. */
  port?: number;
  nofile?: number;
  /** Further lines of `rabbitmq.conf`. */
  config?: string;
}

/** Starts one node of RabbitMQ, with the name server of Erlang beside it. Users are those of a new installation: guest. */
export async function startRabbitmq(place: Place, options: RabbitmqOptions = {}): Promise<Running> {
  const { port = 5672, nofile, config = '' } = options;
  const unprivileged = serviceUser() !== undefined;
  // Started first and in the foreground: the node would start it as a daemon, which outlives the node.
  const names = { folder: ownFolder('epmd'), unprivileged, command: [programPath('epmd')] };
  await launch(place, { ...names, answers: () => listens(place, 4369) });
  const folder = ownFolder('rabbitmq');
  // The user guest may connect from this host only, by default.
  fs.writeFileSync(`${folder}/rabbitmq.conf`, `listeners.tcp.1 = 0.0.0.0:${port}\nloopback_users = none\n${config}`);
  fs.writeFileSync(`${folder}/enabled_plugins`, '[].\n');
  return launch(place, {
    folder,
    unprivileged,
    nofile,
    env: {
      HOME: folder,
      RABBITMQ_NODENAME: 'rabbit@localhost',
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
      RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
      RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_PID_FILE: `${folder}/pid`,
      RABBITMQ_LOGS: '-',
    },
    command: ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
    answers: () => listens(place, port),
    patienceMs: 120_000,
  });
}
