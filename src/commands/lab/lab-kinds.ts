import { type ContainerLabOptions, startContainerLab } from '../../act/lab/container-lab.ts';
import { type ContainerRoles, officialRoles } from '../../act/lab/container-roles.ts';
import { planContainers } from '../../act/lab/plan.ts';
import { startLab } from '../../act/lab/start-lab.ts';
import { startLoad } from '../../act/lab/start-load.ts';
import { INCIDENT, type LabContext } from './lab-context.ts';

/** The lab as processes of socklens. */
export const namespaceLab: LabContext = {
  what: 'small processes in their own network namespaces; no traffic leaves this machine',
  ...INCIDENT,
  async start({ maxOpen, nofile }, queryMs) {
    const lab = await startLab({ ...INCIDENT, maxOpen, nofile });
    const database = lab.members.find(({ role }) => role === 'database');
    const receivers = lab.members.filter(({ role }) => role === 'webhook');
    if (queryMs !== undefined) await lab.setQueryTime(queryMs);
    return {
      receivers: receivers.map(({ target }) => target),
      database: database?.target ?? '',
      databaseAddress: database?.address ?? '',
      names: new Map(lab.members.map(({ address, title }) => [address, title])),
      calibrate: () => lab.calibrate(),
      plan: (capacity) => lab.plan(capacity),
      load: (plan, onSecond) => lab.load(plan, onSecond),
      stop: () => lab.stop(),
    };
  },
};

/** Upper bound for the measured capacity, in requests per second: a faster machine would only get longer waves. */
const MAX_CAPACITY = 600;

/** `connectionLimit` of mysql2 for a pool without a limit, which mysql2 cannot express. */
const NO_LIMIT = 10_000;

/** The incident's limit of open files; the load is derived from it. */
const NOFILE = 1024;

/**
 * The lab as containers of Docker.
 *
 * @param roles images and commands; the official images when absent
 * @param env names the Engine, as for the docker command
 */
export function containerLab(
  roles: ContainerRoles = officialRoles(),
  env: Readonly<Record<string, string | undefined>> = process.env,
  name = 'lab',
): LabContext {
  return {
    what: 'containers: MariaDB, four receivers on the pool of mysql2, HAProxy',
    ...INCIDENT,
    async start({ maxOpen, nofile }, queryMs = 1) {
      const settings: Partial<ContainerLabOptions> = { name, nofile, queryMs, maxIdle: INCIDENT.maxIdle };
      const connectionLimit = maxOpen === 0 ? NO_LIMIT : maxOpen;
      const lab = await startContainerLab({ ...settings, connectionLimit }, roles, env);
      const load = await startLoad(lab.balancerAddress);
      return {
        receivers: lab.receivers,
        database: lab.database,
        databaseAddress: '',
        names: new Map(),
        calibrate: async () => Math.min(await load.calibrate(2000), MAX_CAPACITY),
        plan: (capacity) => planContainers({ capacity, maxConnections: INCIDENT.maxConnections, nofile: NOFILE }),
        load: (plan, onSecond) => load.run(plan, onSecond),
        async stop() {
          await load.stop();
          await lab.stop();
        },
      };
    },
  };
}
